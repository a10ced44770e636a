/** From things that are finished in any order to a stream in theirs. */

/** Hands things on in the order of their numbers, each as soon as all before it are there. */
export function inOrder<T>(hand: (one: T) => Promise<void>): { add(index: number, one: T): void; done(): Promise<void> } {
  const waiting = new Map<number, T>();
  let next = 0;
  let last = Promise.resolve();
  return {
    add(index, added) {
      waiting.set(index, added);
      for (let one = waiting.get(next); one !== undefined; one = waiting.get(next)) {
        const current = one;
        waiting.delete(next++);
        last = last.then(() => hand(current));
      }
    },
    done: () => last,
  };
}
