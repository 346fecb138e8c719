import type { TimelineView } from './timeline-view.js';

const PAN = 0.15;
const ZOOM = 1.6;

/** What each key does, and how the page says so. */
export const KEYS: readonly {
  readonly keys: readonly string[];
  readonly does: string;
  readonly act: (view: TimelineView) => void;
}[] = [
  { keys: ['ArrowLeft'], does: 'earlier', act: (view) => view.pan(-PAN) },
  { keys: ['ArrowRight'], does: 'later', act: (view) => view.pan(PAN) },
  { keys: ['+', '='], does: 'closer', act: (view) => view.zoom(ZOOM) },
  { keys: ['-'], does: 'farther', act: (view) => view.zoom(1 / ZOOM) },
  { keys: ['0', 'Home'], does: 'the whole run', act: (view) => view.fit() },
  { keys: ['n'], does: 'next span', act: (view) => view.step(1, 0) },
  { keys: ['p'], does: 'previous span', act: (view) => view.step(-1, 0) },
  { keys: ['ArrowDown'], does: 'next IPU', act: (view) => view.step(0, 1) },
  { keys: ['ArrowUp'], does: 'previous IPU', act: (view) => view.step(0, -1) },
  { keys: ['Escape'], does: 'choose nothing', act: (view) => view.clear() },
];

export function onKey(event: KeyboardEvent, view: TimelineView): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const binding = KEYS.find(({ keys }) => keys.includes(event.key));
  if (binding === undefined) return;
  event.preventDefault();
  binding.act(view);
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Drag pans, two fingers and Ctrl with the wheel zoom, a sideways wheel pans; a plain wheel scrolls the page. */
export class PointerControl {
  readonly #canvas: HTMLElement;
  readonly #view: () => TimelineView | undefined;
  readonly #pointers = new Map<number, Point>();
  #moved = false;

  constructor(canvas: HTMLElement, view: () => TimelineView | undefined) {
    this.#canvas = canvas;
    this.#view = view;
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel'] as const) {
      canvas.addEventListener(end, (event) => this.#up(event));
    }
    canvas.addEventListener('pointerleave', (event) => {
      if (event.pointerType === 'mouse') this.#view()?.clear();
    });
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener('dblclick', (event) => this.#view()?.zoom(ZOOM * ZOOM, this.#at(event).x));
  }

  #down(event: PointerEvent): void {
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#at(event));
    this.#moved = false;
  }

  #move(event: PointerEvent): void {
    const view = this.#view();
    const before = this.#pointers.get(event.pointerId);
    if (view === undefined) return;
    const now = this.#at(event);
    if (before === undefined) {
      if (event.pointerType === 'mouse') view.pick(now.x, now.y);
      return;
    }
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (Math.abs(now.x - before.x) < 3 && !this.#moved && other === undefined) return;
    this.#moved = true;
    if (other === undefined) {
      view.pan((before.x - now.x) / Math.max(1, view.layout.width));
    } else {
      const [was, is] = [Math.abs(before.x - other.x), Math.abs(now.x - other.x)];
      if (was > 8 && is > 8) view.zoom(is / was, (now.x + other.x) / 2);
    }
    this.#pointers.set(event.pointerId, now);
  }

  #up(event: PointerEvent): void {
    const known = this.#pointers.delete(event.pointerId);
    const { x, y } = this.#at(event);
    if (known && !this.#moved && event.type === 'pointerup') this.#view()?.pick(x, y);
  }

  #wheel(event: WheelEvent): void {
    const view = this.#view();
    if (view === undefined) return;
    const sideways =
      Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
    if (event.ctrlKey || event.metaKey) view.zoom(Math.exp(-event.deltaY / 300), this.#at(event).x);
    else if (sideways !== 0) view.pan(sideways / Math.max(1, view.layout.width));
    else return;
    event.preventDefault();
  }

  /** CSS pixels from the corner of the canvas. */
  #at(event: MouseEvent): Point {
    const { left, top } = this.#canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
}
