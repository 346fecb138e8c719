/**
 * What git leaves in place of a large file that it has not fetched.
 * @param start the first characters of a file
 * @returns the message to refuse it with; undefined when it is no such pointer
 */
export function lfsPointer(path: string, start: string): string | undefined {
  if (!/^version https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\//.test(start)) return undefined;
  return `${path} is a Git LFS pointer, not the file itself: run "git lfs pull" there.`;
}
