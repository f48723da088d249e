// grows puts the editor of a decision tree in place of its text, by keyboard and
// by mouse alike. What is written is always in the text field, which is what the
// form sends; without this script it is what one sees.
import { read, write, Exact } from "./exact.js";
import * as b from "./branch.js";
import { el, icon, choice, mover, dragged } from "./grow-parts.js";

export function grows(root) {
	for (const area of root.querySelectorAll("textarea[data-grow]")) new Editor(area);
}

const kinds = [["if", "Condition"], ["strategies", "Strategies"], ["block", "No payout"]];

class Editor {
	constructor(area) {
		this.area = area;
		this.offers = JSON.parse(area.dataset.grow);
		this.past = [];
		this.future = [];
		this.picked = null;
		this.fault = area.dataset.growFault;
		this.status = el("p", { class: "sr", role: "status" });
		this.tree = el("div", { class: "grow-tree", role: "group", "aria-label": "Tree" });
		this.undoes = el("button", { type: "button", class: "button", onclick: () => this.back() }, "Undo");
		this.redoes = el("button", { type: "button", class: "button", onclick: () => this.forth() }, "Redo");
		this.texts = el("button", { type: "button", class: "button", "aria-pressed": "false", onclick: () => this.flip() }, "As text");
		this.wrong = el("p", { class: "error", role: "alert" });
		area.before(el("div", { class: "grow-bar" }, this.undoes, this.redoes, this.texts), this.wrong, this.tree, this.status);
		this.tree.addEventListener("keydown", (e) => this.key(e));
		document.addEventListener("mousedown", (e) => { this.pressed = e.target.closest("button") !== null; }, true);
		for (const end of ["mouseup", "dragend"]) document.addEventListener(end, () => { this.pressed = false; setTimeout(() => this.late?.()); }, true);
		const service = area.form.querySelector("select[name=service]");
		if (service) service.addEventListener("change", () => this.served(service.value));
		this.flip(!this.load());
	}

	// load reads the text; false where it is no tree that can be shown.
	load() {
		try {
			const tree = read(this.area.value);
			this.root = tree === null ? b.leaf() : tree;
			this.render();
		} catch {
			this.wrong.textContent = "This text is no tree; mend it, then show the picture.";
			return false;
		}
		this.wrong.textContent = "";
		return true;
	}

	// flip changes between the picture and the text.
	flip(toText = this.texts.getAttribute("aria-pressed") !== "true") {
		if (!toText && this.texts.getAttribute("aria-pressed") === "true" && !this.load()) return;
		this.texts.setAttribute("aria-pressed", String(toText));
		this.tree.hidden = toText;
		this.area.hidden = !toText;
		this.undoes.hidden = this.redoes.hidden = toText;
	}

	// served takes what trees of another service can be made of.
	async served(code) {
		if (!code) return;
		const got = await fetch(this.area.dataset.growMore + encodeURIComponent(code), { headers: { Accept: "application/json" } });
		if (!got.ok || got.redirected) return;
		this.offers = await got.json();
		if (!this.tree.hidden) this.render();
	}

	// change does something to the tree, keeps what was, and shows it: after the
	// press of a button that is under way, which would not find its button again.
	change(fn, focus, says) {
		this.past.push(this.area.value);
		if (this.past.length > 100) this.past.shift();
		this.future = [];
		this.fault = "";
		fn();
		this.write();
		if (this.pressed) this.late = () => this.render(focus);
		else this.render(focus);
		if (says) this.status.textContent = says;
	}

	write() { this.area.value = write(this.root); }

	back() { this.turn(this.past, this.future, "Undone"); }
	forth() { this.turn(this.future, this.past, "Done again"); }
	turn(from, to, says) {
		if (!from.length) return;
		to.push(this.area.value);
		this.area.value = from.pop();
		this.picked = null;
		this.load();
		this.status.textContent = says;
	}

	key(e) {
		if (e.key === "Enter" && e.target.tagName === "INPUT") e.preventDefault(); // it would send the form
		if (e.altKey && (e.key === "ArrowUp" || e.key === "ArrowDown")) {
			const button = e.target.closest("[data-row]")?.querySelector(`:scope > .grow-moves > [data-move="${e.key === "ArrowUp" ? "-1" : "1"}"]`);
			if (button && !button.disabled) { e.preventDefault(); button.click(); }
		}
		if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "z" && e.target.tagName !== "INPUT") {
			e.preventDefault();
			if (e.shiftKey) this.forth(); else this.back();
		}
		if (e.key === "Escape" && this.picked) { this.picked = null; this.render(); this.status.textContent = "Put back"; }
	}

	// render shows the tree anew; the control of that key has the focus after it,
	// or the one that had it.
	render(focus) {
		this.late = null;
		const key = focus ?? (this.tree.contains(document.activeElement) ? document.activeElement.dataset.key : null);
		this.tree.replaceChildren(this.node(this.root, []));
		this.undoes.disabled = !this.past.length;
		this.redoes.disabled = !this.future.length;
		if (this.fault) this.show(this.fault);
		if (key) [...this.tree.querySelectorAll("[data-key]")].find((c) => c.dataset.key === key)?.focus();
	}

	// show marks the part that a refusal is about.
	show(pointer) {
		const parts = [...this.tree.querySelectorAll("[data-path]")].filter((p) => pointer.startsWith(p.dataset.path));
		parts.sort((x, y) => y.dataset.path.length - x.dataset.path.length)[0]?.classList.add("wrong");
	}

	node(n, path) {
		const kind = b.kindOf(n);
		const pointer = path.map((s) => "/" + s).join("");
		const side = path.at(-1);
		const where = { then: "Then", else: "Else" }[side] || "Start";
		const card = el("section", { class: "grow-node kind-" + kind, "data-path": pointer, role: "group", "aria-label": where + ": " + kinds.find((k) => k[0] === kind)[1] + (n.name ? ", " + n.name : "") });
		const set = (fresh) => { this.root = b.put(this.root, path, fresh); };
		const type = choice("What it is", kinds, kind, { "data-key": pointer + ":kind" }, (v) => this.change(() => set(b.grown(n, v)), pointer + ":kind"));
		const name = el("input", { type: "text", class: "grow-name", "aria-label": "Name of this part", placeholder: "Name", maxlength: 200, value: n.name || "", "data-key": pointer + ":name" });
		name.addEventListener("change", () => this.change(() => { if (name.value.trim()) n.name = name.value.trim(); else delete n.name; }, null));
		const acts = el("div", { class: "grow-acts" });
		const act = (text, says, fn, key) => acts.append(el("button", { type: "button", class: "button small", "data-key": pointer + ":" + key, onclick: () => this.change(fn, pointer + ":kind", says) }, text));
		if (kind === "if") {
			act("Swap then and else", "Swapped", () => { [n.then, n.else] = [n.else, n.then]; }, "swap");
		}
		if (path.length) {
			act("Keep only this", "The condition above is gone", () => { this.root = b.put(this.root, path.slice(0, -1), n); }, "keep");
			this.picking(acts, path, pointer, card);
		}
		card.append(el("header", {}, el("span", { class: "grow-where " + (side || "start") }, where), type, name, acts));
		if (kind === "if") {
			card.append(el("div", { class: "grow-body" }, this.expr(n.if, pointer + "/if", (e) => { n.if = e; }, null)),
				el("ol", { class: "grow-branches" }, el("li", { class: "then" }, this.node(n.then, [...path, "then"])), el("li", { class: "else" }, this.node(n.else, [...path, "else"]))));
		} else if (kind === "block") {
			const why = el("input", { type: "text", "aria-label": "Why there is no payout", placeholder: "Why", maxlength: 200, value: n.block, "data-key": pointer + ":why" });
			why.addEventListener("change", () => this.change(() => { n.block = why.value; }, null));
			card.append(el("div", { class: "grow-body" }, why));
		} else card.append(el("div", { class: "grow-body" }, this.leaf(n, pointer)));
		return card;
	}

	// picking lets a branch be taken up and exchanged with another, by buttons or
	// by dragging its head.
	picking(acts, path, pointer, card) {
		const swap = (from) => this.change(() => { this.root = b.swapped(this.root, from, path); this.picked = null; }, pointer + ":kind", "The branches have changed places");
		const free = (from) => from && !b.within(from, path) && !b.within(path, from);
		const mine = this.picked && this.picked.join() === path.join();
		if (free(this.picked)) acts.append(el("button", { type: "button", class: "button small main", onclick: () => swap(this.picked) }, "Exchange with this"));
		acts.append(el("button", { type: "button", class: "button small", "aria-pressed": String(!!mine), "data-key": pointer + ":pick", onclick: () => {
			this.picked = mine ? null : path;
			this.render(pointer + ":pick");
			this.status.textContent = mine ? "Put back" : "Picked up: choose the branch to exchange it with; Escape puts it back";
		} }, mine ? "Put back" : "Pick up"));
		if (mine) card.classList.add("picked");
		dragged(card, "branch", () => path, (from) => free(from) && swap(from));
	}

	// expr is one comparison or a group of them; remove is null where it has to
	// stay.
	expr(e, pointer, set, remove, moves) {
		if (e.attribute !== undefined) return this.term(e, pointer, set, remove, moves);
		const key = e.all ? "all" : "any";
		const list = e[key];
		const how = choice("How they hold together", [["all", "All of these hold"], ["any", "At least one of these holds"]], key, { "data-key": pointer + ":how" },
			(v) => this.change(() => set(v === "all" ? { all: list } : { any: list }), pointer + ":how"));
		const rows = el("ol", { class: "grow-rows" });
		list.forEach((one, i) => {
			const here = pointer + "/" + key + "/" + i;
			const drop = () => this.change(() => {
				list.splice(i, 1);
				if (list.length === 1) set(list[0]);
			}, pointer + ":how", "Removed");
			rows.append(el("li", {}, this.expr(one, here, (x) => { list[i] = x; }, drop, mover(this, list, i, pointer + "/" + key))));
		});
		const more = (text, fresh, name) => el("button", { type: "button", class: "button small", "data-key": pointer + ":" + name, onclick: () => this.change(() => { list.push(fresh()); }, pointer + "/" + key + "/" + list.length + ":attribute", "Added") }, icon("plus"), text);
		return el("fieldset", { class: "grow-group", "data-path": pointer, "data-row": "" }, moves, el("div", { class: "grow-line" }, how, remove && this.cross("Remove the group", pointer, remove)), rows,
			el("div", { class: "grow-line" }, more("Comparison", b.term, "term"), more("Group", () => ({ any: [b.term(), b.term()] }), "group")));
	}

	cross(text, pointer, fn) {
		return el("button", { type: "button", class: "grow-cross", "aria-label": text, title: text, "data-key": pointer + ":remove", onclick: fn }, icon("close"));
	}

	term(t, pointer, set, remove, moves) {
		const row = b.rowOf(this.offers, t.attribute);
		const kind = row ? row.kind : "text";
		const open = row && row.name.endsWith(".*");
		const names = this.offers.attributes.map((a) => [a.name, a.label]);
		if (!row) names.push([t.attribute, t.attribute]);
		const attribute = choice("What is compared", names, row ? row.name : t.attribute, { "data-key": pointer + ":attribute" }, (v) => this.change(() => {
			t.attribute = v.endsWith(".*") ? v.slice(0, -1) + "key" : v;
			const next = b.rowOf(this.offers, t.attribute);
			if (!next.operators.includes(t.operator)) { t.operator = next.operators[0]; t.value = b.shaped(t.value, b.takesList(t.operator)); }
		}, pointer + ":attribute"));
		const keyed = open && el("input", { type: "text", class: "grow-key", "aria-label": "Key", maxlength: 64, value: t.attribute.slice(row.name.length - 1), "data-key": pointer + ":key" });
		if (keyed) keyed.addEventListener("change", () => this.change(() => { t.attribute = row.name.slice(0, -1) + keyed.value.trim(); }, null));
		const signs = this.offers.operators.filter((o) => !row || row.operators.includes(o.operator)).map((o) => [o.operator, o.sign + "  " + o.label]);
		const sign = choice("How it is compared", signs, t.operator, { "data-key": pointer + ":operator", class: "grow-sign" }, (v) => this.change(() => { t.operator = v; t.value = b.shaped(t.value, b.takesList(v)); }, pointer + ":operator"));
		const text = b.valueText(t.value, kind);
		const hint = (row && row.hint || "") + (b.takesList(t.operator) ? "; several, separated by commas" : "");
		const value = el("input", { type: "text", class: "grow-value", "aria-label": "Value", title: text === null ? "It has commas: change it in the text" : hint, placeholder: hint.replace(/^;\s*/, ""), value: text ?? "in the text", readonly: text === null ? "" : null, "data-key": pointer + ":value" });
		if (text !== null) value.addEventListener("change", () => this.change(() => { t.value = b.valueOf(value.value, kind, b.takesList(t.operator)); }, null));
		const and = !remove && el("button", { type: "button", class: "button small", "data-key": pointer + ":and", onclick: () => this.change(() => set({ all: [t, b.term()] }), pointer + "/all/1:attribute", "Added") }, icon("plus"), "And");
		return el("div", { class: "grow-term", "data-path": pointer, "data-row": "" }, moves, attribute, keyed, sign, value, and, remove && this.cross("Remove this comparison", pointer, remove));
	}

	leaf(n, pointer) {
		const list = n.strategies;
		const rows = el("ol", { class: "grow-rows" });
		list.forEach((s, i) => {
			const here = pointer + "/strategies/" + i;
			const type = choice("Strategy", this.offers.strategies.map((x) => [x.id, x.name]), s.type, { "data-key": here + ":type" }, (v) => this.change(() => this.retype(s, v), here + ":type"));
			const remove = list.length > 1 && this.cross("Remove this strategy", here, () => this.change(() => { list.splice(i, 1); }, pointer + ":kind", "Removed"));
			rows.append(el("li", {}, el("div", { class: "grow-strategy", "data-path": here, "data-row": "" }, list.length > 1 && mover(this, list, i, pointer + "/strategies"),
				el("div", { class: "grow-line" }, i > 0 && el("span", { class: "grow-else" }, "otherwise"), type, remove), this.routes(s, here))));
		});
		return el("div", {}, rows, el("button", { type: "button", class: "button small", "data-key": pointer + ":strategy", onclick: () => this.change(() => { list.push({ type: "priority" }); }, pointer + "/strategies/" + list.length + ":type", "Added") }, icon("plus"), "Strategy"));
	}

	// retype is a strategy of another type, with its routes as that wants them.
	retype(s, type) {
		s.type = type;
		let refs = s.routes || [];
		if (refs === "*") refs = ["*"];
		if ((type === "direct" || type === "weight") && !refs.length) refs = [this.offers.routes[0]?.id ?? "*"];
		refs = b.weighed(type === "direct" ? refs.slice(0, 1) : refs, type === "weight");
		if (refs.length) s.routes = refs; else delete s.routes;
	}

	routes(s, pointer) {
		const refs = s.routes === "*" ? (s.routes = ["*"]) : s.routes || [];
		const weights = s.type === "weight";
		const sum = refs.reduce((n, r) => n + Number(r.weight?.text || 0), 0);
		const rows = el("ol", { class: "grow-rows refs" });
		refs.forEach((ref, i) => {
			const here = pointer + "/routes/" + i;
			const remove = s.type !== "direct" && this.cross("Remove this route", here, () => this.change(() => { refs.splice(i, 1); if (!refs.length) { delete s.routes; if (weights) s.type = "optimal"; } }, pointer + ":type", "Removed"));
			const weight = weights && el("input", { type: "text", inputmode: "numeric", class: "grow-weight", "aria-label": "Weight", maxlength: 7, value: ref.weight?.text ?? "", "data-key": here + ":weight" });
			const share = weights && el("span", { class: "grow-share num" }, sum ? Math.round(Number(ref.weight?.text || 0) * 1000 / sum) / 10 + " %" : "");
			if (weight) weight.addEventListener("change", () => this.change(() => { ref.weight = new Exact(String(parseInt(weight.value, 10) || 0)); }, null));
			rows.append(el("li", {}, el("div", { class: "grow-ref", "data-path": here, "data-row": "" }, refs.length > 1 && mover(this, refs, i, pointer + "/routes"), this.target(ref, here, (k) => { refs[i] = b.refOf(k, weights && (ref.weight ?? new Exact("1"))); }), weight, share, remove)));
		});
		if (s.type === "direct") return rows;
		const add = el("button", { type: "button", class: "button small", "data-key": pointer + ":route", onclick: () => this.change(() => { s.routes = [...refs, b.refOf(this.offers.routes[refs.length]?.id ? "route " + this.offers.routes[refs.length].id : "*", weights && new Exact("1"))]; }, pointer + "/routes/" + refs.length + ":to", "Added") }, icon("plus"), refs.length ? "Route" : "Choose routes");
		return el("div", {}, refs.length ? rows : el("span", { class: "grow-all" }, "All routes of the service"), add);
	}

	// target chooses what a reference leads to.
	target(ref, pointer, set) {
		const key = b.refKey(ref);
		const said = (list, kind) => this.offers[list].map((o) => [kind + " " + o.id, o.name]);
		const groups = [["", [["*", "All routes of the service"]]], ["Routes", said("routes", "route")], ["All of a provider account", said("accounts", "account")], ["All of a provider", said("providers", "provider")]];
		if (key?.startsWith("deposit ")) groups.push(["All of a deposit account", said("deposits", "deposit")]);
		if (!groups.some((g) => g[1].some((o) => o[0] === key))) groups.push(["As it is written", [[key ?? "", key ?? "Several things at once"]]]);
		return choice("Route", groups, key ?? "", { "data-key": pointer + ":to", grouped: true }, (v) => v && this.change(() => set(v), pointer + ":to"));
	}
}
