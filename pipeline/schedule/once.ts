/**
 * A function of an object, which is asked once for each and remembered as long as the object lives. For schedules and
 * what is worked out from them: they are values, which nobody changes once they are made.
 */
export function once<K extends object, V>(work: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const found = known.get(key);
    if (found) return found.value;
    const value = work(key);
    known.set(key, { value });
    return value;
  };
}
