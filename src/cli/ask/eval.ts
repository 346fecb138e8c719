import { Command } from 'commander';
import { evalSquadCommand } from './eval-squad.js';

/** `ipu-pipeline eval`: a data set, and how well a model does on it. */
export function evalCommand(): Command {
  return new Command('eval')
    .description('measure a model on a data set as the data set is measured')
    .addCommand(evalSquadCommand());
}
