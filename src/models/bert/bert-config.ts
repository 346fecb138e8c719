export type {
  ModelConfig as BertConfig,
  ModelHead as BertHead,
  Slice as BertSlice,
} from '../model-config.js';
