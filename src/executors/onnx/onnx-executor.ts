import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { Tensor } from '../../../ipu-config/base/tensor.js';
import { programTensors, weightBytes, type Program } from '../../models/program.js';
import type { TableRows } from '../../models/steps.js';
import type { WeightSource } from '../../weights/weights.js';
import { checkStageInputs, type StageInputs } from '../stage-inputs.js';
import type { Executor, ExecutorOptions, StageExecutor } from '../stage-executor.js';
import { tableRows } from '../table-rows.js';
import { WEIGHTS } from './graph-builder.js';
import { MappedFiles } from './mapped-files.js';
import { buildGraph, countedRows, graphOutput } from './program-graph.js';
import { WeightMemory } from './weight-memory.js';

type OnnxRuntime = typeof import('onnxruntime-node');

/** ONNX Runtime on the CPU, float32: one graph of fused operators per stage. */
export const onnxExecutor: Executor = {
  name: 'onnx',
  async prepare(program: Program, weights: WeightSource, options: ExecutorOptions): Promise<StageExecutor> {
    const runtime = await loadOnnxRuntime();
    const total = weightBytes(program);
    let read = 0;
    const files = await MappedFiles.of(weights, programTensors(program));
    const memory = files ? undefined : new WeightMemory(total);
    try {
      const onRead = (bytes: number): void => {
        read += bytes;
        options.onProgress?.(total === 0 ? 1 : Math.min(1, read / total));
      };
      const graph = await buildGraph(program, weights, { memory, files, onRead });
      const session = await runtime.InferenceSession.create(graph.model, {
        ...(memory ? { externalData: [{ path: WEIGHTS, data: memory.bytes }] } : {}),
        executionProviders: ['cpu'],
        executionMode: 'sequential',
        intraOpNumThreads: options.threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
        extra: {
          session: {
            // Threads that spin while a stage waits would take the cores that other stages compute on.
            intra_op: { allow_spinning: '0' },
            ...(files ? { model_external_initializers_file_folder_path: files.folder } : {}),
          },
        },
      });
      return new OnnxStage(runtime, session, program, graph.weightBytes);
    } finally {
      memory?.free();
    }
  },
};

export const createExecutor = (): Executor => onnxExecutor;

class OnnxStage implements StageExecutor {
  readonly weightBytes: number;
  readonly #runtime: OnnxRuntime;
  readonly #session: InferenceSession;
  readonly #program: Program;
  readonly #counted: readonly CountedRows[];

  constructor(runtime: OnnxRuntime, session: InferenceSession, program: Program, bytes: number) {
    this.#runtime = runtime;
    this.#session = session;
    this.#program = program;
    this.#counted = countedRowsOf(program);
    this.weightBytes = bytes;
  }

  async run(given: readonly Tensor[]): Promise<readonly Tensor[]> {
    const inputs = checkStageInputs(this.#program, given);
    const feeds: Record<string, OrtTensor> = {};
    for (const name of this.#session.inputNames) {
      const { dtype, data, shape } = inputs.tensors.get(name) ?? this.#rowsOf(name, inputs);
      feeds[name] = new this.#runtime.Tensor(dtype, ownMemory(data), shape);
    }
    const results = await this.#session.run(feeds);
    return this.#program.outputs.map(({ name, dtype, of }): Tensor => {
      const handedOn = dtype === 'float32' ? undefined : inputs.tensors.get(of)!;
      if (handedOn) return { ...handedOn, data: handedOn.data.slice() } as Tensor;
      const { data, dims } = results[graphOutput(name)] as OrtTensor;
      return { name, dtype: 'float32', shape: dims, data: data as Float32Array };
    });
  }

  /** An input of the graph that the stage is not given: rows of a table, which the graph does not count itself. */
  #rowsOf(name: string, inputs: StageInputs): Tensor {
    const { rows } = this.#counted.find((counted) => counted.name === name)!;
    const { batch, sequence } = inputs.sizes as { batch: number; sequence: number };
    return { name, dtype: 'int32', shape: [batch, sequence], data: tableRows(rows, inputs) };
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

interface CountedRows {
  readonly name: string;
  readonly rows: TableRows;
}

function countedRowsOf({ steps }: Program): CountedRows[] {
  return steps.flatMap((step) => {
    if (step.op !== 'embed') return [];
    const all = step.tables.map(({ rows }, at) => ({ name: countedRows(step, at), rows }));
    return all.filter(({ rows }) => rows.by === 'count');
  });
}

/** ONNX Runtime refuses tensors over shared memory; only those are copied. */
function ownMemory<T extends Float32Array | Int32Array>(data: T): T {
  return data.buffer instanceof SharedArrayBuffer ? (data.slice() as T) : data;
}

/** Imported late, since it is an optional dependency and costs 40 MB that other executors do not need. */
async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  try {
    return await import('onnxruntime-node');
  } catch (error) {
    throw new InputError(
      `the onnx executor needs onnxruntime-node, which cannot be loaded: ${(error as Error).message}. ` +
        'Install it with `ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node`, or use another executor.',
      { cause: error },
    );
  }
}
