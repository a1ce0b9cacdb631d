import { Signal } from '@lumino/signaling';

import type { Api, ApiError, Dataset, RefInfo, Version } from '../api';
import { asApiError } from '../api';
import type { View } from '../tokens';

export const MAIN = 'main';

/** One dataset at one reference: what its tab shows. */
export class VersionModel {
  readonly changed = new Signal<this, void>(this);
  /** The tab's reference, table or view was chosen anew. */
  readonly chosen = new Signal<this, void>(this);
  /** The branch on which the tab stood is gone; the tab went to the main branch. */
  readonly lost = new Signal<this, string>(this);
  dataset: Dataset | null = null;
  refs: RefInfo[] = [];
  /** Null while the branch holds nothing. */
  version: Version | null = null;
  error: ApiError | null = null;
  loaded = false;
  private asked = 0;

  constructor(
    readonly api: Api,
    readonly id: string,
    private place: { ref: string; table?: string; view: View }
  ) {}

  get ref(): string {
    return this.place.ref;
  }

  get view(): View {
    return this.place.view;
  }

  /** The table that is shown: the chosen one, the default one, or the first. */
  get table(): string | undefined {
    const names = this.version?.tables.map(table => table.name) ?? [];
    return (
      [this.place.table, this.dataset?.default_table].find(name => name && names.includes(name)) ?? names[0]
    );
  }

  /** Whether the reference is a branch, which undo and redo move. */
  get onBranch(): boolean {
    return this.refs.some(ref => ref.kind === 'branch' && ref.name === this.ref);
  }

  choose(place: { ref?: string; table?: string; view?: View }): void {
    const moved = place.ref !== undefined && place.ref !== this.place.ref;
    this.place = { ...this.place, ...place };
    this.chosen.emit();
    this.changed.emit();
    if (moved) {
      this.refresh().catch(() => undefined);
    }
  }

  /** Ask the server; a newer question makes an older one's answer void. */
  async refresh(): Promise<void> {
    const asked = ++this.asked;
    try {
      const [dataset, refs] = await Promise.all([
        this.api.datasets.get(this.id),
        this.api.versions.refs(this.id)
      ]);
      if (asked !== this.asked) {
        return;
      }
      this.leaveLost(refs);
      const version = await this.versionOrNull();
      if (asked === this.asked) {
        Object.assign(this, { dataset, refs, version, error: null, loaded: true });
      }
    } catch (error) {
      if (asked === this.asked) {
        this.error = asApiError(error);
      }
      throw error;
    } finally {
      this.changed.emit();
    }
  }

  /** Without its branch, the tab would have nothing to show. */
  private leaveLost(refs: RefInfo[]): void {
    const { onBranch, ref } = this;
    if (onBranch && !refs.some(({ name }) => name === ref)) {
      this.place.ref = MAIN;
      this.chosen.emit();
      this.lost.emit(ref);
    }
  }

  private async versionOrNull(): Promise<Version | null> {
    try {
      return await this.api.versions.version(this.id, this.ref);
    } catch (error) {
      if (asApiError(error).kind === 'unborn-branch') {
        return null;
      }
      throw error;
    }
  }
}
