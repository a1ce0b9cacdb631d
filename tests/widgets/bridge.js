// The models of real widgets: what a view sends goes to Python, and what Python answers comes back.
const models = new Map();

class Model {
  constructor(id, { script, state }) {
    Object.assign(this, { id, script, state, listeners: new Map() });
    this.widget_manager = {
      get_model: async id => models.get(id) ?? (await open(id)),
      create_view: async model => ({ el: await show(model, document.createElement('div')), remove() {} })
    };
  }

  get(name) {
    return this.state[name];
  }

  on(event, callback) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), callback]);
  }

  off(event, callback) {
    this.listeners.set(event, (this.listeners.get(event) ?? []).filter(each => each !== callback));
  }

  emit(event, ...values) {
    (this.listeners.get(event) ?? []).forEach(each => each(...values));
  }

  async send(content) {
    window.sent.push(content);
    const { states, content: answer, buffers } = await window.kernel(this.id, content);
    for (const [id, state] of Object.entries(states)) {
      models.get(id)?.update(state);
    }
    if (answer) {
      this.emit('msg:custom', answer, buffers.map(each => new DataView(Uint8Array.from(atob(each), c => c.charCodeAt(0)).buffer)));
    }
  }

  update(state) {
    const before = this.state;
    this.state = state;
    Object.keys(state)
      .filter(name => JSON.stringify(before[name]) !== JSON.stringify(state[name]))
      .forEach(name => this.emit(`change:${name}`));
  }
}

async function open(id) {
  const model = new Model(id, await window.model(id));
  models.set(id, model);
  return model;
}

async function show(model, el) {
  const widget = (await import(`/${model.script}`)).default;
  const close = await widget.render({ model, el });
  window.closing.push(close);
  return el;
}

window.sent = [];
window.closing = [];
await show(await open(ROOT), document.getElementById('host'));
