/** One result: passed without an error, failed with one. */
export type Report = (name: string, error?: string) => void;
/** What is there but was not run, and why. */
export type Skip = (what: string, why: string) => void;

/** Every module of goldens has this form; one that skips nothing within its data leaves out `skip`. */
export interface GoldenModule {
  run(dir: string, report: Report, skip: Skip): Promise<void>;
  /** Why there is nothing in this directory for the module; nothing when there is. */
  missing(dir: string): string | undefined;
}
