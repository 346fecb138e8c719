import type { VNode } from 'preact';
import { SCHEDULES, type NamedSchedule } from '../../../../pipeline/schedules/registry.js';
import { SYSTEM_NAMES, SYSTEMS } from '../../../hardware/hardware-specs.js';
import { headsFor } from '../../../hardware/model-shape.js';
import { PUBLISHED_MODELS, publishedModel } from '../../../hardware/published-models.js';
import { useAttempt } from './attempt.js';
import { NumberBox, Select, type Choice } from './controls.js';
import {
  depthName,
  ipuChoices,
  ipusOf,
  LOCKSTEP,
  withDepth,
  withIpus,
  withMode,
  type Setup,
} from './setup.js';

export interface SetupControlsProps {
  readonly setup: Setup;
  readonly onSetup: (setup: Setup) => void;
}

/** Model, system, and how the run goes on. */
export function SetupControls({ setup, onSetup }: SetupControlsProps): VNode {
  const { attempt, refusal } = useAttempt(onSetup);
  return (
    <section class="figure">
      <div class="controls">
        <ModelControls setup={setup} onSetup={onSetup} />
        <Select
          label="Mode"
          value={setup.mode}
          choices={['training', 'inference']}
          onChange={(mode) => onSetup(withMode(setup, mode))}
        />
        <Select
          label="IPUs of a replica"
          value={`${ipusOf(setup)}`}
          choices={ipuChoices(setup.system, ipusOf(setup)).map(String)}
          onChange={(ipus) => attempt(() => withIpus(setup, Number(ipus)))}
        />
        <NumberBox
          label="Sequence length"
          value={setup.sequenceLength}
          most={publishedModel(setup.model)!.maxPositions}
          onChange={(sequenceLength) => onSetup({ ...setup, sequenceLength })}
        />
        <NumberBox
          label="Micro-batch"
          value={setup.microBatch}
          most={1024}
          onChange={(microBatch) => onSetup({ ...setup, microBatch })}
        />
        <NumberBox
          label={setup.mode === 'training' ? 'Gradient accumulation' : 'Device iterations'}
          value={setup.config.get(depthName(setup.mode))}
          most={16_384}
          onChange={(depth) => attempt(() => withDepth(setup, depth))}
        />
        <ScheduleControls setup={setup} onSetup={onSetup} />
      </div>
      {refusal}
    </section>
  );
}

/** What runs, and where. */
function ModelControls({ setup, onSetup }: SetupControlsProps): VNode {
  return (
    <>
      <Select
        label="Model"
        value={setup.model}
        choices={PUBLISHED_MODELS}
        onChange={(model) => onSetup({ ...setup, model, head: publishedModel(model)!.head })}
      />
      <Select
        label="Head"
        value={setup.head}
        choices={headsFor(publishedModel(setup.model)!)}
        onChange={(head) => onSetup({ ...setup, head })}
      />
      <Select
        label="System"
        value={setup.system}
        choices={SYSTEM_NAMES.map((value) => ({ value, text: `${value}, ${ipuCount(value)}` }))}
        onChange={(system) => onSetup({ ...setup, system })}
      />
    </>
  );
}

function ScheduleControls({ setup, onSetup }: SetupControlsProps): VNode {
  const free = SCHEDULES.filter(({ isTraining }) => isTraining === (setup.mode === 'training'));
  const layout = free.find(({ name }) => name === setup.schedule)?.layout;
  return (
    <>
      <Select
        label="Schedule"
        value={setup.schedule}
        choices={[
          { value: LOCKSTEP, text: "PopART's, in lockstep" },
          { group: 'free-running, as no IPU compiler makes it', choices: free.map(scheduleChoice) },
        ]}
        onChange={(schedule) => onSetup({ ...setup, schedule })}
      />
      {layout === 'loops' && (
        <NumberBox
          label="Chunks on each IPU"
          value={setup.chunks}
          most={64}
          onChange={(chunks) => onSetup({ ...setup, chunks })}
        />
      )}
    </>
  );
}

function scheduleChoice({ name, layout }: NamedSchedule): Choice<string> {
  return { value: name, text: layout === 'line' ? name : `${name} (several stages on an IPU)` };
}

function ipuCount(system: string): string {
  const { ipus } = SYSTEMS[system]!;
  return ipus === 1 ? '1 IPU' : `${ipus} IPUs`;
}
