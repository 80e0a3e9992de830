/** Listeners by event name. A listener that throws does not keep the others from hearing. */
export type Emitter<Events extends Record<string, unknown>> = {
  /** Adds a listener; the answer takes it off again. */
  on<K extends keyof Events>(event: K, listener: (payload: Events[K]) => void): () => void;
  emit<K extends keyof Events>(event: K, payload: Events[K]): void;
};

type Listener = (payload: never) => void;

export function createEmitter<Events extends Record<string, unknown>>(): Emitter<Events> {
  const listeners = new Map<keyof Events, Set<Listener>>();
  return {
    on(event, listener) {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set);
      set.add(listener as Listener);
      return () => void set.delete(listener as Listener);
    },
    emit(event, payload) {
      for (const listener of [...(listeners.get(event) ?? [])]) {
        try {
          (listener as (payload: Events[typeof event]) => void)(payload);
        } catch (error) {
          // The listener's own fault: reported by the runtime, outside of the client's work.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
  };
}
