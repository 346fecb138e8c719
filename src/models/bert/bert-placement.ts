export { placeBert } from './bert-blocks.js';
export {
  stageName,
  type PlacedShape as BertShape,
  type PlacedStage,
  type Placement as BertPlacement,
} from '../placement.js';
