import { Command } from 'commander';
import pc from 'picocolors';
import * as v from 'valibot';
import { percent } from '../../../ipu-config/base/format.js';
import { classifyTask } from '../../tasks/classify-texts.js';
import { chooseTask } from '../../tasks/choose-endings.js';
import { embedTask, POOLINGS, type Pooling } from '../../tasks/embed-texts.js';
import { AGGREGATIONS, type Aggregation } from '../../tasks/entities.js';
import { fillTask } from '../../tasks/fill-masks.js';
import { labelTask } from '../../tasks/label-tokens.js';
import { nextSentenceTask } from '../../tasks/predict-next.js';
import { oneOf, wholeNumber } from '../flags/options.js';
import { runTaskCommand, withTaskOptions, type TaskFlags } from './task-command.js';
import { textOrFile } from './text-or-file.js';

interface TextFlags extends TaskFlags {
  readonly text?: string;
  readonly truncate?: boolean;
}

const string = v.string('it must be a string.');

/** A JSON string alone is as good as an object with nothing but a text. */
function textSchema<T extends v.ObjectEntries>(more: T, shape: string) {
  const orText = v.transform((value: unknown) => (typeof value === 'string' ? { text: value } : value));
  return v.pipe(v.unknown(), orText, v.object({ text: string, ...more }, lineShape(shape)));
}

const lineShape = (shape: string) => `each line must be ${shape}.`;
const textOnly = textSchema({}, '{"text": …}, or a JSON string');

function withTruncate(command: Command): Command {
  return command.option('--truncate', 'cut texts that are longer than a row; they are refused otherwise');
}

const textOf = ({ text }: TextFlags): { text: string } | undefined =>
  text === undefined ? undefined : { text };

/** `ipu-pipeline classify`: a label for each text. */
export function classifyCommand(): Command {
  const command = new Command('classify')
    .description('give each text a label, with a sequence-classification model')
    .option('--text <text>', 'what to classify')
    .option('--pair <text>', 'the second text of a pair, such as a hypothesis');
  return withTruncate(withTaskOptions(command)).action((flags: TextFlags & { pair?: string }) =>
    runTaskCommand(flags, {
      head: 'sequence-classification',
      schema: textSchema(
        { pair: v.exactOptional(string) },
        '{"text": …, "pair": …} (the pair may be missing), or a JSON string',
      ),
      single: () =>
        textOf(flags) && { text: flags.text!, ...(flags.pair === undefined ? {} : { pair: flags.pair }) },
      singleFlags: '--text (and --pair)',
      task: (context) => classifyTask(context, { truncate: flags.truncate ?? false }),
      readable: ({ scores }) =>
        scores
          .map(({ label, score }, at) => (at === 0 ? pc.bold : pc.dim)(`${label} ${percent(score)}`))
          .join(', '),
    }),
  );
}

/** `ipu-pipeline label`: the entities of each text. */
export function labelCommand(): Command {
  const command = new Command('label')
    .description('find names and the like in texts of any length, with a token-classification model')
    .option('--text <text-or-file>', 'what to look through')
    .option(
      '--aggregation <how>',
      `how pieces become entities: ${AGGREGATIONS.join(', ')}`,
      oneOf(...AGGREGATIONS),
      'simple',
    )
    .option(
      '--stride <n>',
      'pieces that neighbouring rows of a long text share (default: a third of a row)',
      wholeNumber(0),
    );
  return withTaskOptions(command).action((flags: TextFlags & { aggregation: Aggregation; stride?: number }) =>
    runTaskCommand(flags, {
      head: 'token-classification',
      schema: textOnly,
      single: async () => (flags.text === undefined ? undefined : { text: await textOrFile(flags.text) }),
      singleFlags: '--text',
      task: (context) =>
        labelTask(context, {
          aggregation: flags.aggregation,
          ...(flags.stride === undefined ? {} : { stride: flags.stride }),
        }),
      readable: ({ entities }) =>
        entities
          .map(({ label, text, score }) => `${pc.bold(text)} ${label} ${pc.dim(percent(score))}`)
          .join(', ') || pc.dim('no entities'),
    }),
  );
}

/** `ipu-pipeline choose`: the best of several endings. */
export function chooseCommand(): Command {
  const command = new Command('choose')
    .description('pick the choice that fits a prompt best, with a multiple-choice model')
    .option('--prompt <text>', 'what the choices belong to')
    .option('--choice <text...>', 'two choices or more');
  return withTruncate(withTaskOptions(command)).action(
    (flags: TextFlags & { prompt?: string; choice?: string[] }) =>
      runTaskCommand(flags, {
        head: 'multiple-choice',
        schema: v.object(
          { prompt: string, choices: v.array(string, 'it must be a list of strings.') },
          lineShape('{"prompt": …, "choices": [ … ]}'),
        ),
        single: () =>
          flags.prompt === undefined ? undefined : { prompt: flags.prompt, choices: flags.choice ?? [] },
        singleFlags: '--prompt and --choice',
        task: (context) => chooseTask(context, { truncate: flags.truncate ?? false }),
        readable: ({ choice, text, score }) => `${choice}: ${pc.bold(text)} ${pc.dim(percent(score))}`,
      }),
  );
}

/** `ipu-pipeline fill`: what stands behind `[MASK]`. */
export function fillCommand(): Command {
  const command = new Command('fill')
    .description('guess what stands in the place of each [MASK], with a masked-LM or pre-training model')
    .option('--text <text>', 'a text with [MASK] in it')
    .option('--top-k <n>', 'candidates for each mask', wholeNumber(1), 5);
  return withTruncate(withTaskOptions(command)).action((flags: TextFlags & { topK: number }) =>
    runTaskCommand(flags, {
      head: 'masked-lm',
      schema: textOnly,
      single: () => textOf(flags),
      singleFlags: '--text',
      task: (context) => fillTask(context, { topK: flags.topK, truncate: flags.truncate ?? false }),
      readable: ({ text, masks }) =>
        [
          pc.bold(text),
          ...masks.map(({ candidates }) =>
            pc.dim(`  ${candidates.map(({ token, score }) => `${token} ${percent(score)}`).join(', ')}`),
          ),
        ].join('\n'),
    }),
  );
}

/** `ipu-pipeline embed`: a vector for each text. */
export function embedCommand(): Command {
  const command = new Command('embed')
    .description('turn texts into vectors, with the encoder of any BERT model')
    .option('--text <text>', 'what to embed')
    .option(
      '--pooling <how>',
      `what of the last hidden state: ${POOLINGS.join(', ')}`,
      oneOf(...POOLINGS),
      'mean',
    )
    .option('--normalize', 'scale each vector to length 1');
  return withTruncate(withTaskOptions(command)).action(
    (flags: TextFlags & { pooling: Pooling; normalize?: boolean }) =>
      runTaskCommand(flags, {
        head: flags.pooling === 'pooler' ? 'pooler' : null,
        schema: textOnly,
        single: () => textOf(flags),
        singleFlags: '--text',
        task: (context) =>
          embedTask(context, {
            pooling: flags.pooling,
            normalize: flags.normalize ?? false,
            truncate: flags.truncate ?? false,
          }),
        readable: ({ embedding }) => embedding.join(' '),
      }),
  );
}

/** `ipu-pipeline next-sentence`: does one text follow another? */
export function nextSentenceCommand(): Command {
  const command = new Command('next-sentence')
    .description('say whether one text follows another, with a next-sentence or pre-training model')
    .option('--first <text>', 'the text before')
    .option('--second <text>', 'the text that may follow it');
  return withTruncate(withTaskOptions(command)).action(
    (flags: TextFlags & { first?: string; second?: string }) =>
      runTaskCommand(flags, {
        head: 'next-sentence-prediction',
        schema: v.object({ first: string, second: string }, lineShape('{"first": …, "second": …}')),
        single: () => {
          const { first, second } = flags;
          return first === undefined || second === undefined ? undefined : { first, second };
        },
        singleFlags: '--first and --second',
        task: (context) => nextSentenceTask(context, { truncate: flags.truncate ?? false }),
        readable: ({ isNext, probability }) =>
          `${pc.bold(isNext ? 'follows' : 'does not follow')} ${pc.dim(`(that it follows: ${percent(probability)})`)}`,
      }),
  );
}
