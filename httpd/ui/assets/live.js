// live keeps a page up to date: the server says that something has changed, the
// page is read anew, and what differs is put in its place. dress makes new
// parts what the old ones were. Without it, or when it is lost, the page is
// what it was when it was opened.
export function live(root, dress) {
	const main = root.querySelector("main[data-live]");
	if (!main || !window.EventSource) return;
	const state = root.querySelector("[data-live-state]");
	const written = (m) => [...m.children].map((c) => c.outerHTML);
	let last = written(main);
	let asking = false;
	let again = false;
	let lost = 0;

	const say = (text, bad) => {
		if (!state) return;
		state.hidden = false;
		state.textContent = text;
		state.classList.toggle("lost", bad);
	};

	const put = (fresh) => {
		const next = written(fresh);
		if (next.length !== last.length) {
			if (main.contains(document.activeElement) && document.activeElement !== main) return; // not under somebody's hands
			main.replaceChildren(...[...fresh.children].map((c) => document.adoptNode(c)));
			last = next;
			dress(main);
			return;
		}
		const from = [...fresh.children];
		[...main.children].forEach((old, i) => {
			if (next[i] === last[i] || old.contains(document.activeElement)) return;
			const made = document.adoptNode(from[i]);
			old.replaceWith(made);
			last[i] = next[i];
			dress(made);
		});
	};

	// look reads the page anew, as a document: nothing in it is run.
	const look = () => {
		if (asking) { again = true; return; }
		asking = true;
		const x = new XMLHttpRequest();
		x.open("GET", location.href);
		x.setRequestHeader("X-Penstock-Live", "1");
		x.responseType = "document";
		x.onloadend = () => {
			asking = false;
			const fresh = x.response && x.response.querySelector("main[data-live]");
			if (fresh) put(fresh);
			else if (x.status === 200) location.reload(); // the log-in: the session is over
			if (again) { again = false; look(); }
		};
		x.send();
	};

	let source = null;
	const connect = () => {
		source = new EventSource(main.dataset.live);
		source.addEventListener("open", () => {
			clearTimeout(lost);
			if (lost) look(); // what happened in between
			lost = 0;
			say("Up to date", false);
		});
		source.addEventListener("change", look);
		source.addEventListener("error", () => {
			if (source.readyState === EventSource.CLOSED) { say("Reload the page", true); look(); return; }
			if (!lost) lost = setTimeout(() => say("Lost, trying again", true), 5000);
		});
	};
	// A page that nobody sees keeps no connection: browsers have few of them.
	root.addEventListener("visibilitychange", () => {
		source.close();
		if (root.visibilityState === "visible") { look(); connect(); }
	});
	addEventListener("pagehide", () => source.close());
	connect();
}
