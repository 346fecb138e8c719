/** What `doctor` learns of ONNX Runtime from a process of its own. */
export interface OnnxFacts {
  readonly version: string;
  /** Execution providers that this build has; stages use `cpu`. */
  readonly backends: readonly string[];
}

const runtime = await import('onnxruntime-node');
const facts: OnnxFacts = {
  version: runtime.env.versions.node ?? runtime.env.versions.common,
  backends: runtime.listSupportedBackends().map(({ name }) => name),
};
process.stdout.write(`${JSON.stringify(facts)}\n`, () => process.exit(0));
