import { useEffect } from 'preact/hooks';

/** Runs `load` now, and again every so often while the page is in view. */
export function useEvery(ms: number, load: () => Promise<unknown>): void {
  useEffect(() => {
    void load();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void load();
    }, ms);
    return () => clearInterval(timer);
  }, []);
}
