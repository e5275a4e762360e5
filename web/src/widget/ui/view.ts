/**
 * The widget's whole view layer: describe the screen as a tree, and the real one is changed to match.
 * A framework's runtime alone would use up the widget's weight limit. Text can only become text nodes here,
 * attributes only go through setAttribute, so no text from outside is ever parsed as HTML.
 */

type Handler = (event: never) => void;
export type Props = Record<string, string | number | boolean | null | undefined | Handler | ((node: never) => void)>;
export type Child = VNode | string | null | undefined | false | Child[];

export interface VNode {
  tag: string;
  key: string | undefined;
  props: Props;
  children: Child[];
}

interface Mounted {
  vnode: VNode | string;
  node: Element | Text;
  children: Mounted[];
}

const SVG = new Set(['svg', 'path']);
/** Set as properties: the attribute is only their first value, or cannot say "false". */
const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'tabIndex', 'multiple']);

/** One element. `key` keeps it the same across changes of its siblings; `ref` is called once with the real node. */
export function h(tag: string, props: Props | null, ...children: Child[]): VNode {
  return { tag, key: props?.key as string | undefined, props: props ?? {}, children };
}

/** A place that can be drawn into again and again. */
export function root(target: Element): (children: Child[]) => void {
  let mounted: Mounted[] = [];
  return (children) => {
    mounted = patchChildren(target, mounted, children);
  };
}

function flat(children: Child[], out: (VNode | string)[] = []): (VNode | string)[] {
  for (const child of children) {
    if (Array.isArray(child)) flat(child, out);
    else if (child !== null && child !== undefined && child !== false && child !== '') out.push(child);
  }
  return out;
}

function patchChildren(parent: Element, old: Mounted[], children: Child[]): Mounted[] {
  const wanted = flat(children);
  const keyed = new Map<string, Mounted>();
  const loose: Mounted[] = [];
  for (const was of old) {
    const key = typeof was.vnode === 'string' ? undefined : was.vnode.key;
    if (key === undefined) loose.push(was);
    else keyed.set(key, was);
  }
  const pairs = wanted.map((vnode) => {
    if (typeof vnode !== 'string' && vnode.key !== undefined) {
      const was = keyed.get(vnode.key);
      if (was === undefined || typeof was.vnode === 'string' || was.vnode.tag !== vnode.tag) return { vnode, was: undefined };
      keyed.delete(vnode.key);
      return { vnode, was };
    }
    const at = loose.findIndex((was) => alike(was.vnode, vnode));
    return { vnode, was: at < 0 ? undefined : loose.splice(at, 1)[0] };
  });
  for (const gone of [...keyed.values(), ...loose]) gone.node.remove();
  return pairs.map(({ vnode, was }, at) => {
    const next = was === undefined ? create(vnode) : update(was, vnode);
    // Moving a node would lose focus and scroll position, so only those out of place are touched.
    const there = parent.childNodes[at] ?? null;
    if (there !== next.node) parent.insertBefore(next.node, there);
    return next;
  });
}

function alike(a: VNode | string, b: VNode | string): boolean {
  return typeof a === 'string' ? typeof b === 'string' : typeof b !== 'string' && a.tag === b.tag;
}

function create(vnode: VNode | string): Mounted {
  if (typeof vnode === 'string') return { vnode, node: document.createTextNode(vnode), children: [] };
  const node = SVG.has(vnode.tag)
    ? document.createElementNS('http://www.w3.org/2000/svg', vnode.tag)
    : document.createElement(vnode.tag);
  setProps(node, {}, vnode.props);
  const children = patchChildren(node, [], vnode.children);
  const { ref } = vnode.props;
  if (typeof ref === 'function') (ref as (node: Element) => void)(node);
  return { vnode, node, children };
}

function update(was: Mounted, vnode: VNode | string): Mounted {
  if (was.vnode === vnode) return was; // drawn from a cache: nothing below can have changed
  if (typeof vnode === 'string') {
    if (was.vnode !== vnode) (was.node as Text).data = vnode;
    return { ...was, vnode };
  }
  const node = was.node as Element;
  setProps(node, (was.vnode as VNode).props, vnode.props);
  return { vnode, node, children: patchChildren(node, was.children, vnode.children) };
}

function setProps(node: Element, old: Props, props: Props): void {
  for (const name of Object.keys(old)) if (!(name in props)) setProp(node, name, undefined);
  for (const [name, value] of Object.entries(props)) if (old[name] !== value) setProp(node, name, value);
}

function setProp(node: Element, name: string, value: Props[string]): void {
  if (name === 'key' || name === 'ref') return;
  if (name.startsWith('on') || PROPERTIES.has(name)) (node as unknown as Record<string, unknown>)[name] = value ?? null;
  else if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? '' : String(value));
}
