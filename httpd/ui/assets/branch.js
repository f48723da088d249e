// What a decision tree is made of, as values: no page, no events.
import { Exact } from "./exact.js";

export const leaf = () => ({ strategies: [{ type: "optimal" }] });
export const term = () => ({ attribute: "amount", operator: "gt", value: "1000" });
export const kindOf = (n) => (n.if ? "if" : "block" in n ? "block" : "strategies");
export const takesList = (operator) => operator === "in" || operator === "not_in";

// rowOf is the attribute's row in the table; metadata.tier is of metadata.*.
export function rowOf(offers, name) {
	return offers.attributes.find((a) => a.name === name || (a.name.endsWith(".*") && name.startsWith(a.name.slice(0, -1))));
}

// grown is a node as another kind: a condition keeps what was there as its then.
export function grown(n, kind) {
	const name = n.name ? { name: n.name } : {};
	if (kind === kindOf(n)) return n;
	if (kind === "if") return { if: term(), then: n, else: leaf() };
	if (kind === "block") return { ...name, block: "" };
	return { ...name, ...leaf() };
}

// at is the node at a path of "then" and "else".
export const at = (root, path) => path.reduce((n, step) => n[step], root);

// put puts a node at a path and returns the root.
export function put(root, path, n) {
	if (!path.length) return n;
	at(root, path.slice(0, -1))[path[path.length - 1]] = n;
	return root;
}

// within says that one path leads through the other.
export const within = (a, b) => a.length >= b.length && b.every((step, i) => a[i] === step);

// swapped exchanges two branches, of which neither is in the other.
export function swapped(root, a, b) {
	const x = at(root, a);
	const y = at(root, b);
	return put(put(root, a, y), b, x);
}

const numeric = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const range = /^\[?\s*(\d[\d.]*)\s*\.\.\s*(\d[\d.]*)\s*\]?$/;

function itemText(i, kind) {
	if (i instanceof Exact) return i.text;
	if (i && typeof i === "object") return i.from + ".." + i.to;
	return kind === "any" && numeric.test(i) ? JSON.stringify(i) : String(i);
}

function itemOf(text, kind) {
	text = text.trim();
	const m = range.exec(text);
	if (m && kind !== "text" && kind !== "any") return { from: m[1], to: m[2] };
	if (kind !== "any") return text;
	if (numeric.test(text)) return new Exact(text);
	return /^".*"$/.test(text) ? text.slice(1, -1) : text;
}

// valueText is a value as it is typed; null where a field can't hold it.
export function valueText(value, kind) {
	const items = Array.isArray(value) ? value : [value];
	if (Array.isArray(value) && items.some((i) => typeof i === "string" && i.includes(","))) return null;
	return items.map((i) => itemText(i, kind)).join(", ");
}

// valueOf is its inverse.
export function valueOf(text, kind, list) {
	if (!list) return itemOf(text, kind);
	return text.split(",").map((t) => itemOf(t, kind)).filter((i) => i !== "");
}

// shaped is a value for an operator: a list, or its first.
export function shaped(value, list) {
	if (list) return Array.isArray(value) ? value : [value];
	const first = Array.isArray(value) ? value[0] ?? "" : value;
	return first && typeof first === "object" && !(first instanceof Exact) ? first.from : first;
}

// refKey names what a reference leads to: "*", or a kind and an id; null where
// it says more than one thing.
export function refKey(ref) {
	if (typeof ref === "string") return ref === "*" ? "*" : "route " + ref;
	const said = ["route", "provider", "account", "deposit"].filter((k) => ref[k]);
	if (said.length !== 1) return null;
	return ref[said[0]] === "*" ? "*" : said[0] + " " + ref[said[0]];
}

// refOf is the reference of a key, with a weight where the strategy has them.
export function refOf(key, weight) {
	const cut = key.indexOf(" ");
	const [kind, id] = key === "*" ? ["route", "*"] : [key.slice(0, cut), key.slice(cut + 1)];
	if (weight) return { [kind]: id, weight };
	return kind === "route" ? id : { [kind]: id };
}

// weighed are references with weights, or without.
export function weighed(refs, weights) {
	return refs.map((r) => {
		const o = typeof r === "string" ? { route: r } : { ...r };
		if (weights) return { ...o, weight: o.weight ?? new Exact("1") };
		delete o.weight;
		return Object.keys(o).length === 1 && o.route ? o.route : o;
	});
}
