import type { ApiError, Version } from '../api';
import { asApiError } from '../api';
import type { VersionsApi } from '../api/versions';

const AT_ONCE = 4;
const FRESH = 20_000; // ms

export interface Content {
  /** Null while the dataset holds nothing. */
  version: Version | null;
  error: ApiError | null;
  looked: number;
}

/** What the datasets hold on main, asked for when it is to be shown, a few at a time. */
export class Contents {
  private readonly known = new Map<string, Content>();
  private readonly waiting = new Set<string>();
  private readonly asking = new Set<string>();

  constructor(
    private readonly versions: VersionsApi,
    private readonly changed: () => void
  ) {}

  /** What is known; when that is nothing, or old, it is asked for. */
  of(dataset: string): Content | undefined {
    const known = this.known.get(dataset);
    if ((!known || known.looked === 0) && !this.asking.has(dataset)) {
      this.waiting.add(dataset);
      queueMicrotask(() => this.next());
    }
    return known;
  }

  /** Let old answers be asked for again when they are shown. */
  age(): void {
    const old = Date.now() - FRESH;
    this.known.forEach(content => (content.looked = content.looked < old ? 0 : content.looked));
  }

  /** Let it be asked for again: it has changed. */
  forget(dataset: string): void {
    const known = this.known.get(dataset);
    if (known) {
      known.looked = 0;
    }
    this.changed();
  }

  private next(): void {
    for (const dataset of this.waiting) {
      if (this.asking.size >= AT_ONCE) {
        return;
      }
      this.waiting.delete(dataset);
      this.asking.add(dataset);
      void this.ask(dataset);
    }
  }

  private async ask(dataset: string): Promise<void> {
    const content: Content = { version: null, error: null, looked: Date.now() };
    try {
      content.version = await this.versions.version(dataset, 'main');
    } catch (reason) {
      const error = asApiError(reason);
      content.error = error.kind === 'unborn-branch' ? null : error;
    }
    this.asking.delete(dataset);
    this.known.set(dataset, content);
    this.changed();
    this.next();
  }
}
