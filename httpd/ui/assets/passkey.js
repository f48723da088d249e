// passkeys lets a form be filled in by the browser's own ceremony, and then
// sends it.
export function passkeys(root) {
	for (const f of root.querySelectorAll("form[data-passkey]")) {
		const said = f.querySelector("[data-passkey-error]");
		const button = f.querySelector("button");
		if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) continue; // what stands there says why
		said.textContent = "";
		said.hidden = true;
		button.disabled = false;
		f.addEventListener("submit", async (e) => {
			e.preventDefault();
			button.disabled = true;
			said.hidden = true;
			try {
				const asked = JSON.parse(f.dataset.options).publicKey;
				const made = f.dataset.passkey === "create"
					? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
					: await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
				f.elements.credential.value = JSON.stringify(made.toJSON());
				f.submit();
			} catch {
				said.textContent = "The browser gave no passkey. Try again, or take another way.";
				said.hidden = false;
				button.disabled = false;
			}
		});
	}
}
