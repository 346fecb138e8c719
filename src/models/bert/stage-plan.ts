export { oneDevice, planStages, type PlannedStage as BertStage } from '../stage-plan.js';
