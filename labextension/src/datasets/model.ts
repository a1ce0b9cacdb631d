import { Signal } from '@lumino/signaling';

import type { ApiError, Api, Dataset } from '../api';
import { asApiError } from '../api';
import { Contents } from './contents';

/** The datasets there are, and what the person looks for among them. */
export class DatasetsModel {
  readonly changed = new Signal<this, void>(this);
  readonly contents: Contents;
  all: Dataset[] | null = null;
  bin: Dataset[] = [];
  error: ApiError | null = null;
  private wanted = '';
  private binShown = false;
  private picked: Target | null = null;

  constructor(private readonly api: Api) {
    this.contents = new Contents(api.versions, () => this.changed.emit());
  }

  /** Ask the server. */
  async refresh(): Promise<void> {
    try {
      [this.all, this.bin] = await Promise.all([this.api.datasets.list(), this.api.datasets.bin()]);
      this.error = null;
      this.contents.age();
    } catch (error) {
      this.error = asApiError(error);
      throw error;
    } finally {
      this.changed.emit();
    }
  }

  get query(): string {
    return this.wanted;
  }

  set query(text: string) {
    this.wanted = text;
    this.changed.emit();
  }

  get showsBin(): boolean {
    return this.binShown;
  }

  set showsBin(shown: boolean) {
    this.binShown = shown;
    this.changed.emit();
  }

  /** Datasets in whose name, description or labels all words are found. */
  get found(): Dataset[] {
    const words = this.wanted.toLowerCase().split(/\s+/).filter(Boolean);
    return (this.all ?? []).filter(dataset => {
      const text = [dataset.name, dataset.description, ...dataset.labels].join('\n').toLowerCase();
      return words.every(word => text.includes(word));
    });
  }

  /** What commands are about unless told: the row on which the sidebar's focus is. */
  get target(): Target | null {
    return this.picked;
  }

  set target(target: Target | null) {
    if (this.picked?.dataset !== target?.dataset || this.picked?.table !== target?.table) {
      this.picked = target;
      this.changed.emit();
    }
  }

  get(id: string): Dataset | undefined {
    return this.all?.find(dataset => dataset.id === id) ?? this.bin.find(dataset => dataset.id === id);
  }

  named(name: string): Dataset | undefined {
    const wanted = name.trim().toLowerCase();
    return this.all?.find(dataset => dataset.name.toLowerCase() === wanted);
  }
}

/** A dataset, or a table of it. */
export interface Target {
  dataset: string;
  table?: string;
}
