// JSON whose numbers stay as they are written: 12.50 is not 12.5, and no digit
// of a long one is lost.
export class Exact {
	constructor(text) { this.text = text; }
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

// read is JSON.parse with Exact for numbers. It throws where the text is none.
export function read(text) {
	let at = 0;
	const fail = () => { throw new SyntaxError("no JSON at character " + at); };
	const space = () => { while (" \t\r\n".includes(text[at]) && at < text.length) at++; };
	const take = (pattern) => {
		pattern.lastIndex = at;
		const m = pattern.exec(text);
		if (!m) fail();
		at += m[0].length;
		return m[0];
	};
	const list = (close, one) => {
		at++;
		space();
		if (text[at] === close) { at++; return; }
		for (;;) {
			one();
			space();
			if (text[at] === close) { at++; return; }
			if (text[at] !== ",") fail();
			at++;
		}
	};
	const value = (depth) => {
		if (depth > 100) fail();
		space();
		const c = text[at];
		if (c === "{") {
			const out = {};
			list("}", () => {
				space();
				const key = JSON.parse(take(string));
				space();
				if (text[at] !== ":") fail();
				at++;
				Object.defineProperty(out, key, { value: value(depth + 1), enumerable: true, writable: true, configurable: true });
			});
			return out;
		}
		if (c === "[") {
			const out = [];
			list("]", () => out.push(value(depth + 1)));
			return out;
		}
		if (c === '"') return JSON.parse(take(string));
		for (const [word, v] of [["true", true], ["false", false], ["null", null]]) {
			if (text.startsWith(word, at)) { at += word.length; return v; }
		}
		return new Exact(take(number));
	};
	const out = value(0);
	space();
	if (at !== text.length) fail();
	return out;
}

// write is its inverse, with two blanks for each step in.
export function write(v, step = "") {
	const inner = step + "  ";
	if (v instanceof Exact) return v.text;
	if (Array.isArray(v)) return v.length ? "[\n" + v.map((x) => inner + write(x, inner)).join(",\n") + "\n" + step + "]" : "[]";
	if (v && typeof v === "object") {
		const keys = Object.keys(v).filter((k) => v[k] !== undefined);
		return keys.length ? "{\n" + keys.map((k) => inner + JSON.stringify(k) + ": " + write(v[k], inner)).join(",\n") + "\n" + step + "}" : "{}";
	}
	return JSON.stringify(v);
}
