/** Questions to the kernel and its answers: custom messages with an id, data beside them as bytes. */

/** What anywidget gives of a model. */
export interface Model {
  get(name: string): unknown;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
  send(content: unknown): void;
  /** Where widgets are known, finds their models and makes their views. */
  readonly widget_manager?: {
    get_model(id: string): Promise<unknown>;
    create_view(model: unknown): Promise<unknown>;
  };
}

export interface Answer {
  readonly content: Record<string, unknown>;
  readonly buffers: readonly DataView[];
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
}

/** Longer than this a kernel is not waited for: it is gone, or was never there. */
const PATIENCE = 30_000;

export class Comm {
  constructor(private readonly model: Model) {
    model.on('msg:custom', this.onMessage);
  }

  /**
   * Ask; the kernel drops what it has not answered when the signal says so. `patience` is for what takes long by its
   * nature, in milliseconds.
   */
  ask(kind: string, body: object, signal: AbortSignal, patience = PATIENCE): Promise<Answer> {
    signal.throwIfAborted();
    const id = `${this.view}-${(this.count += 1)}`;
    return new Promise<Answer>((resolve, reject) => {
      const forget = this.expect(id, { resolve, reject }, patience);
      signal.addEventListener('abort', () => {
        if (forget()) {
          this.model.send({ id, view: this.view, kind: 'cancel' });
          reject(signal.reason);
        }
      });
      this.model.send({ id, view: this.view, kind, ...body });
    });
  }

  dispose(): void {
    this.model.off('msg:custom', this.onMessage);
    for (const id of [...this.waiting.keys()]) {
      this.settle(id);
    }
  }

  /** Wait for an answer; what comes back stops the waiting and says whether there was any. */
  private expect(id: string, { resolve, reject }: Waiting, patience: number): () => boolean {
    const timer = setTimeout(() => {
      this.settle(id)?.reject(new Error('The kernel does not answer. Run the cell again.'));
    }, patience);
    this.waiting.set(id, { resolve, reject, timer });
    return () => this.settle(id) !== undefined;
  }

  private settle(id: string): Waiting | undefined {
    const found = this.waiting.get(id);
    clearTimeout(found?.timer);
    this.waiting.delete(id);
    return found;
  }

  private readonly onMessage = (content: Record<string, unknown>, buffers: readonly DataView[]): void => {
    const waiting = this.settle(String(content['id']));
    const error = content['error'] as { message: string; next_step?: string } | undefined;
    if (error) {
      waiting?.reject(new Error([error.message, error.next_step].filter(Boolean).join(' ')));
    } else {
      waiting?.resolve({ content, buffers });
    }
  };

  /** Tells the views of one model apart, in all browsers that show it. */
  private readonly view = Array.from(crypto.getRandomValues(new Uint32Array(3)), each =>
    each.toString(36)
  ).join('');
  private readonly waiting = new Map<string, Waiting & { timer: ReturnType<typeof setTimeout> }>();
  private count = 0;
}
