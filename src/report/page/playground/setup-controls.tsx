import type { VNode } from 'preact';
import { SCHEDULES, type NamedSchedule } from '../../../../pipeline/schedules/registry.js';
import { SYSTEM_NAMES, SYSTEMS } from '../../../hardware/hardware-specs.js';
import { headsFor } from '../../../hardware/model-shape.js';
import { PUBLISHED_MODELS, publishedModel } from '../../../hardware/published-models.js';
import {
  depthName,
  ipuChoices,
  ipusOf,
  LOCKSTEP,
  withDepth,
  withIpus,
  withMode,
  type Setup,
} from '../../playground/setup.js';
import { NumberBox, Select, type Choice } from './controls.js';
import type { PlaygroundState } from './use-playground.js';

interface Controlled {
  readonly state: PlaygroundState;
}

/** Model, system, and how the run goes on. */
export function SetupControls({ state }: Controlled): VNode {
  const { setup, change, attempt } = state;
  return (
    <div class="controls">
      <ModelControls state={state} />
      <Select
        label="Mode"
        value={setup.mode}
        choices={['training', 'inference']}
        onChange={(mode) => change(withMode(setup, mode))}
      />
      <Select
        label="IPUs of a replica"
        value={`${ipusOf(setup)}`}
        choices={ipuChoices(setup.system, ipusOf(setup)).map(String)}
        onChange={(ipus) => attempt(() => withIpus(setup, Number(ipus)))}
      />
      <Count
        state={state}
        label="Sequence length"
        value={setup.sequenceLength}
        most={100_000}
        make={(sequenceLength) => ({ ...setup, sequenceLength })}
      />
      <Count
        state={state}
        label="Micro-batch"
        value={setup.microBatch}
        most={1024}
        make={(microBatch) => ({ ...setup, microBatch })}
      />
      <Count
        state={state}
        label={setup.mode === 'training' ? 'Gradient accumulation' : 'Device iterations'}
        value={setup.config.get(depthName(setup.mode))}
        most={16_384}
        make={(depth) => withDepth(setup, depth)}
      />
      <ScheduleControls state={state} />
    </div>
  );
}

function Count(props: {
  readonly state: PlaygroundState;
  readonly label: string;
  readonly value: number;
  readonly most: number;
  readonly make: (value: number) => Setup;
}): VNode {
  const { state, make, ...box } = props;
  return (
    <NumberBox
      {...box}
      epoch={state.epoch}
      onBad={state.mark}
      onChange={(value, group) => state.attempt(() => make(value), group)}
    />
  );
}

/** What runs, and where. */
function ModelControls({ state: { setup, change } }: Controlled): VNode {
  const { model, system } = setup;
  const isOwn = !PUBLISHED_MODELS.includes(model.name);
  return (
    <>
      <Select
        isWide
        label="Model"
        value={model.name}
        choices={[...(isOwn ? [model.name] : []), ...PUBLISHED_MODELS]}
        onChange={(name) => change({ ...setup, model: publishedModel(name) ?? model })}
      />
      <Select
        isWide
        label="Head"
        value={model.head}
        choices={headsFor(model)}
        onChange={(head) => change({ ...setup, model: { ...model, head } })}
      />
      <Select
        isWide
        label="System"
        value={system}
        choices={SYSTEM_NAMES.map((value) => ({ value, text: `${value}, ${ipuCount(value)}` }))}
        onChange={(chosen) => change({ ...setup, system: chosen })}
      />
    </>
  );
}

function ScheduleControls({ state }: Controlled): VNode {
  const { setup, change } = state;
  const free = SCHEDULES.filter(({ isTraining }) => isTraining === (setup.mode === 'training'));
  const layout = free.find(({ name }) => name === setup.schedule)?.layout;
  return (
    <>
      <Select
        isWide
        label="Schedule"
        value={setup.schedule}
        choices={[
          { value: LOCKSTEP, text: "PopART's, in lockstep" },
          { group: 'free-running, as no IPU compiler makes it', choices: free.map(scheduleChoice) },
        ]}
        onChange={(schedule) => change({ ...setup, schedule })}
      />
      {layout === 'loops' && (
        <Count
          state={state}
          label="Chunks on each IPU"
          value={setup.chunks}
          most={64}
          make={(chunks) => ({ ...setup, chunks })}
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
