import { Signal } from '@lumino/signaling';

/** What people may set; see schema/settings.json. */
export interface Preferences {
  /** Seconds between two looks at the server where its events are not heard. */
  readonly pollSeconds: number;
  /** The height of the rows of grids. */
  readonly rowHeight: 'compact' | 'normal' | 'comfortable';
  /** Seconds that a job must have taken for its success to be told. */
  readonly notifyAfterSeconds: number;
  /** Whether the jobs are shown when one is started. */
  readonly showJobs: boolean;
}

/** What is set, or the defaults until that is known. */
export class Settings {
  readonly changed = new Signal<this, void>(this);
  private values: Preferences = {
    pollSeconds: 5,
    rowHeight: 'normal',
    notifyAfterSeconds: 0,
    showJobs: true
  };

  get<Name extends keyof Preferences>(name: Name): Preferences[Name] {
    return this.values[name];
  }

  set(values: Preferences): void {
    this.values = values;
    this.changed.emit();
  }
}
