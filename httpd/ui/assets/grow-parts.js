// Controls that the editor of a tree is put together from. No text becomes
// markup: trusted types forbid it.

// el makes an element; what is null or false is left out.
export function el(tag, props = {}, ...kids) {
	const e = document.createElement(tag);
	for (const [name, value] of Object.entries(props)) {
		if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
		else if (value !== null && value !== false && value !== undefined) e.setAttribute(name, value === true ? "" : String(value));
	}
	e.append(...kids.filter((k) => k !== null && k !== false && k !== undefined));
	return e;
}

const paths = {
	plus: "M8 3v10M3 8h10", close: "m4.25 4.25 7.5 7.5M11.75 4.25l-7.5 7.5", up: "m4.5 9.75 3.5-3.5 3.5 3.5", down: "m4.5 6.25 3.5 3.5 3.5-3.5",
	grip: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01",
};

// icon is a picture beside words that say the same.
export function icon(name) {
	const space = "http://www.w3.org/2000/svg";
	const svg = document.createElementNS(space, "svg");
	const path = document.createElementNS(space, "path");
	for (const [k, v] of [["class", "icon"], ["viewBox", "0 0 16 16"], ["aria-hidden", "true"], ["focusable", "false"]]) svg.setAttribute(k, v);
	path.setAttribute("d", paths[name]);
	svg.append(path);
	return svg;
}

// choice is a select of [value, text] pairs, or of groups of them.
export function choice(label, options, value, props, fn) {
	const { grouped, ...rest } = props;
	const option = ([v, text]) => {
		const o = el("option", { value: v }, text);
		o.selected = v === value;
		return o;
	};
	const kids = grouped ? options.flatMap(([name, list]) => (!list.length ? [] : name ? [el("optgroup", { label: name }, ...list.map(option))] : list.map(option))) : options.map(option);
	const s = el("select", { "aria-label": label, ...rest }, ...kids);
	s.addEventListener("change", () => fn(s.value));
	return s;
}

// mover moves one of a list: by buttons, by Alt with an arrow from anywhere in
// it, or by dragging its grip.
export function mover(editor, list, i, pointer) {
	if (list.length < 2) return null;
	const to = (j) => editor.change(() => { list.splice(j, 0, list.splice(i, 1)[0]); }, pointer + "/" + j + ":up", "Moved to place " + (j + 1) + " of " + list.length);
	const button = (step, text) => el("button", { type: "button", class: "grow-move", "aria-label": text, title: text + " (Alt and arrow)", "data-move": step, "data-key": pointer + "/" + i + ":" + (step < 0 ? "up" : "down"), "aria-disabled": i + step < 0 || i + step >= list.length ? "true" : null,
		onclick: () => { if (i + step >= 0 && i + step < list.length) to(i + step); } }, icon(step < 0 ? "up" : "down"));
	const grip = el("span", { class: "grow-grip", draggable: "true", title: "Drag to move" }, icon("grip"));
	const moves = el("div", { class: "grow-moves" }, grip, button(-1, "Move up"), button(1, "Move down"));
	dragged(moves, "row " + pointer, () => i, (from) => from !== i && editor.change(() => { list.splice(i, 0, list.splice(from, 1)[0]); }, pointer + "/" + i + ":up", "Moved to place " + (i + 1)), grip);
	return moves;
}

let held = null; // what is being dragged: its kind, and what it is

// dragged lets a part be dragged by its grip, or as a whole by its header, onto
// another of the same kind.
export function dragged(part, kind, what, drop, grip) {
	const handle = grip || part;
	if (!grip) part.setAttribute("draggable", "true");
	handle.addEventListener("dragstart", (e) => {
		if (!grip && e.target !== part) return;
		e.stopPropagation();
		held = { kind, what: what() };
		e.dataTransfer.effectAllowed = "move";
		e.dataTransfer.setData("text/plain", kind);
	});
	handle.addEventListener("dragend", () => { held = null; });
	const zone = () => (grip ? part.closest("[data-row]") || part : part);
	const over = (e, on) => {
		if (!held || held.kind !== kind) return;
		e.preventDefault();
		e.stopPropagation();
		zone().classList.toggle("over", on);
	};
	const listen = () => {
		const z = zone();
		z.addEventListener("dragover", (e) => over(e, true));
		z.addEventListener("dragleave", () => z.classList.remove("over"));
		z.addEventListener("drop", (e) => {
			if (!held || held.kind !== kind) return;
			e.preventDefault();
			e.stopPropagation();
			const from = held.what;
			held = null;
			z.classList.remove("over");
			drop(from);
		});
	};
	queueMicrotask(listen); // when the row around it is there
}
