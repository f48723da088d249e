// copies shows the buttons that copy an id, where the browser lets a page do
// that.
export function copies(root) {
	if (!navigator.clipboard) return;
	for (const b of root.querySelectorAll("button[data-copy]")) {
		b.hidden = false;
		b.addEventListener("click", async () => {
			await navigator.clipboard.writeText(b.dataset.copy);
			b.classList.add("done");
			setTimeout(() => b.classList.remove("done"), 1200);
		});
	}
}

// reveals lets people see the password that they type.
export function reveals(root) {
	for (const b of root.querySelectorAll("button[data-reveal]")) {
		const input = document.getElementById(b.dataset.reveal);
		b.hidden = false;
		b.addEventListener("click", () => {
			const shown = input.type === "text";
			input.type = shown ? "password" : "text";
			b.textContent = shown ? "Show" : "Hide";
			b.setAttribute("aria-pressed", String(!shown));
		});
	}
}

// once keeps an impatient second click from sending a form twice. (The server
// refuses it too.)
export function once(root) {
	for (const f of root.querySelectorAll("form[data-once]")) {
		f.addEventListener("submit", (e) => {
			if (f.dataset.sent) e.preventDefault();
			f.dataset.sent = "1";
		});
	}
	addEventListener("pageshow", () => {
		for (const f of root.querySelectorAll("form[data-sent]")) delete f.dataset.sent;
	});
}

// drops closes an open menu when something else is clicked, and at Escape.
export function drops(root) {
	const shut = (but) => {
		for (const d of root.querySelectorAll("details.drop[open]")) if (!d.contains(but)) d.open = false;
	};
	root.addEventListener("click", (e) => shut(e.target));
	root.addEventListener("keydown", (e) => {
		if (e.key !== "Escape") return;
		const open = root.querySelector("details.drop[open]");
		shut(null);
		if (open) open.querySelector("summary").focus();
	});
}

// keys: "/" goes to the search field.
export function keys(root) {
	const find = root.getElementById("find");
	if (!find) return;
	root.addEventListener("keydown", (e) => {
		const typing = e.target.closest("input, textarea, select");
		if (e.key !== "/" || typing || e.ctrlKey || e.metaKey || e.altKey) return;
		e.preventDefault();
		find.focus();
	});
}
