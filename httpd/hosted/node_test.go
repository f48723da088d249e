package hosted_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"penstock/engine"
)

// nodeReceiver is a receiver in Node: it verifies each message by the official
// library under the token's bytes, and under the endpoint's own secret where it
// has one, at the time of the world. Then it tries each with a byte changed.
const nodeReceiver = `
const { Webhook } = require("standardwebhooks");
const all = JSON.parse(require("fs").readFileSync(0, "utf8"));
const said = [];
for (const m of all) {
	const ts = Number(m.headers["webhook-timestamp"]) * 1000;
	Date = class extends Date { constructor(...a) { a.length ? super(...a) : super(ts); } static now() { return ts; } };
	const keys = [new Webhook(m.token, { format: "raw" })];
	if (m.secret) keys.push(new Webhook(m.secret));
	for (const key of keys) {
		let good = false, forged = true;
		try { good = key.verify(m.body, m.headers).id === JSON.parse(m.body).id; } catch (e) { said.push(String(e)); }
		try { key.verify(m.body.replace("10.00", "99.00"), m.headers); } catch { forged = false; }
		said.push(good && !forged ? "ok" : "bad " + m.body);
	}
}
console.log(said.join("\n"));
`

// TestNodesOfficialLibraryVerifies every webhook of a payment that was paid and
// of one that failed, to its own address and to who subscribed.
func TestNodesOfficialLibraryVerifies(t *testing.T) {
	modules := os.Getenv("PENSTOCK_TEST_STANDARDWEBHOOKS")
	if modules == "" {
		if os.Getenv("PENSTOCK_TEST_NO_SKIP") != "" {
			t.Fatal("PENSTOCK_TEST_STANDARDWEBHOOKS is not set")
		}
		t.Skip("standardwebhooks is not there, so nothing is verified in Node; set PENSTOCK_TEST_STANDARDWEBHOOKS to the node_modules that have it (npm install standardwebhooks)")
	}
	s := newShop(t)
	made, err := s.Engine.AddEndpoint(s.Ctx, operator("shop", engine.Test), "https://subscriber.example/", "hosted", nil)
	must(t, err)
	for account, body := range map[string]string{"success": eur10, "declined": strings.Replace(eur10, "e-1", "e-2", 1)} {
		_, page := s.pay(strings.Replace(body, "{", hooked, 1))
		s.confirm(page, s.fill(page, iban(t, account))).is(303)
	}
	s.run(time.Hour)
	type message struct {
		Token   string            `json:"token"`
		Secret  string            `json:"secret,omitempty"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	}
	var all []message
	want := 0
	for _, m := range s.Receiver.Got {
		msg := message{Token: s.token, Headers: map[string]string{}, Body: string(m.Body)}
		for name := range m.Header {
			msg.Headers[strings.ToLower(name)] = m.Header.Get(name)
		}
		if want++; m.Host == "subscriber.example" {
			msg.Secret = made.Secret
			want++
		}
		all = append(all, msg)
	}
	if want != 6 {
		t.Fatalf("%d verifications are due, want 6: %d messages", want, len(all))
	}
	in, err := json.Marshal(all)
	must(t, err)
	run := exec.CommandContext(t.Context(), "node", "-e", nodeReceiver)
	run.Env = append(os.Environ(), "NODE_PATH="+modules)
	run.Stdin = bytes.NewReader(in)
	said, err := run.CombinedOutput()
	if err != nil || strings.TrimSpace(string(said)) != strings.TrimSpace(strings.Repeat("ok\n", want)) {
		t.Errorf("%v: Node says\n%s", err, said)
	}
}
