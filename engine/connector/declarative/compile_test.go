package declarative

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
)

func source(t testing.TB, name string) string {
	t.Helper()
	doc, err := os.ReadFile("forms/" + name + ".toml")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// TestAFormIsRefusedByItsKey breaks a sound form in one place at a time.
func TestAFormIsRefusedByItsKey(t *testing.T) {
	for _, row := range []struct{ form, old, new, want string }{
		// Key, amount and currency can't be templated away, doubled or bent.
		{"paystack", `reason = "{memo? | max:100}"`, `reference = "fixed"`, "order.key.at"},
		{"paystack", `reason = "{memo? | max:100}"`, `amount = 1`, "order.amount.at"},
		{"paystack", `reason = "{memo? | max:100}"`, `currency = "NGN"`, "order.currency.at"},
		{"paystack", `key = { step = "transfer", at = "/reference" }`, `key = { step = "nobody", at = "/reference" }`, "order.key.step"},
		{"paystack", `key = { step = "transfer", at = "/reference" }`, `key = { step = "transfer" }`, "order.key"},
		{"paystack", `key = { step = "transfer", at = "/reference" }`, `key = { step = "transfer", at = "/a", header = "X-Key" }`, "order.key"},
		{"paystack", `key = { step = "transfer", at = "/reference" }`, `key = { step = "recipient", at = "/reference" }`, "order: key and amount"},
		{"paystack", `amount = { step = "transfer", at = "/amount" }`, `amount = { step = "recipient", at = "/amount" }`, "order: key and amount"},
		{"paystack", `currency = { step = "transfer", at = "/currency" }`, ``, "order.currency"},
		{"paystack", `moves = "transfer"`, `moves = "recipient"`, "order.moves"},
		{"paystack", "method = \"POST\"\npath = \"/transfer\"\n", "method = \"GET\"\npath = \"/transfer\"\n", "step.transfer.method"},
		{"wise", `echo = { key = "/customerTransactionId", amount = "/targetValue", currency = "/targetCurrency" }`, `echo = { key = "/customerTransactionId" }`, "order: key and amount"},
		{"wise", `transfers/{transfer.id}/payments`, `transfers/{quote.id}/payments`, "order: key and amount"},
		// Egress.
		{"paystack", `base_url = "https://api.paystack.co"`, `base_url = "http://api.paystack.co"`, "provider.base_url"},
		{"paystack", `base_url = "https://api.paystack.co"`, `base_url = "https://u:p@api.paystack.co"`, "provider.base_url"},
		{"paystack", `base_url = "https://api.paystack.co"`, "base_url = \"https://api.paystack.co\"\nhosts = [\"*\"]", "provider.hosts"},
		{"paystack", `path = "/transferrecipient"`, `path = "https://evil.example/"`, "step.recipient.path"},
		{"paystack", `path = "/transferrecipient"`, `path = "//evil.example/"`, "step.recipient.path"},
		{"paystack", `path = "/transferrecipient"`, `path = "/a/../b"`, "step.recipient.path"},
		{"paystack", `path = "/transferrecipient"`, `path = "/a?b=c"`, "step.recipient.path"},
		// What there isn't.
		{"paystack", `name = "{details.account_holder_name, details.recipient_name}"`, `name = "{credential.api_key}"`, "step.recipient.body"},
		{"paystack", `name = "{details.account_holder_name, details.recipient_name}"`, `name = "{transfer.code}"`, "step.recipient.body"},
		{"paystack", `name = "{details.account_holder_name, details.recipient_name}"`, `name = "{details}"`, "step.recipient.body"},
		{"paystack", `name = "{details.account_holder_name, details.recipient_name}"`, `name = "{details.name"`, "step.recipient.body"},
		{"paystack", `name = "{details.account_holder_name, details.recipient_name}"`, `name = "{details.name | shell}"`, "step.recipient.body"},
		{"paystack", `secret = "api_key"`, `secret = "nobody"`, "auth.secret"},
		{"paystack", `kind = "bearer"`, `kind = "magic"`, "auth.kind"},
		{"paystack", `[auth]`, "[auth]\nunknown = 1", "auth.unknown"},
		{"paystack", `format = 1`, `format = 2`, "format"},
		{"paystack", `format = 1`, `Format = 1`, "Format"},
		{"paystack", `name = "paystack"`, `name = "Pay Stack"`, "name"},
		// Words that would be believed too easily.
		{"paystack", `success = "paid"`, `success = "yes"`, "answer.words.success"},
		{"paystack", `success = "paid"`, `success = "absent"`, "answer.words.success"},
		{"paystack", `success = "paid"`, `success = "partly_paid"`, "answer.words.success"},
		{"paystack", `success = "paid"`, `success = "paid declined"`, "answer.words.success"},
		{"paystack", `rejected = "rejected declined"`, `rejected = "rejected whatever"`, "answer.words.rejected"},
		{"paystack", `status = [400, 422]`, `status = [400, 500]`, "error.0.status"},
		{"paystack", `status = [400, 422]`, `status = [429]`, "error.0.status"},
		{"paystack", `status = [400, 422]`, `status = [408]`, "error.0.status"},
		{"paystack", `status = [400, 422]`, `status = []`, "error.0.status"},
		{"paystack", `match = { "/status" = false, "/type" = "validation_error", "/message" = "*" }`, `match = {}`, "error.0.match"},
		{"paystack", `match = { "/status" = false, "/type" = "validation_error", "/message" = "*" }`, `match = { "status" = false }`, "error.0.match"},
		{"paystack", "verdict = \"rejected\"\ncode", "verdict = \"paid\"\ncode", "error.0.verdict"},
		{"paystack", `absent = [{ status = [404]`, `absent = [{ status = [500]`, "lookup.absent.0.status"},
		{"paystack", `absent = [{ status = [404], match = { "/status" = false, "/message" = "~not found" } }]`, `absent = [{ status = [404] }]`, "lookup.absent.0.match"},
		{"paystack", `path = "/transfer/verify/{key}"`, `path = "/transfer/verify"`, "lookup"},
		{"paystack", "ok = [200, 201]\nref", "ok = [200, 500]\nref", "answer.ok"},
		{"wise", `path = "/v1/transfers/{ref}"`, `path = "/v1/transfers"`, "poll"},
		{"wise", `most = 20`, `most = 0`, "lookup.list"},
		{"wise", "[poll.answer.words]\nincoming_payment_waiting = \"accepted\"", "[poll.answer.words]\nincoming_payment_waiting = \"absent\"", "poll.answer.words"},
		// Traits, amounts, notifications, samples.
		{"paystack", `settle = "2m"`, `settle = "2"`, "traits.settle"},
		{"paystack", `settle = "2m"`, `settle = "-2m"`, "traits.settle"},
		{"paystack", `settle = "2m"`, `settle = "0s"`, "traits.settle"},
		{"paystack", `settle = "2m"`, "settle = \"2m\"\nwindow = \"2m\"", "traits.window"},
		{"paystack", `settle = "2m"`, `window = "5m"`, "traits.window"},
		{"paystack", `idempotent = true`, "idempotent = false\nwindow = \"24h\"", "traits"},
		{"paystack", `form = "minor"`, `form = "cents"`, "amount.form"},
		{"paystack", `currencies = { NGN = 2,`, `currencies = { XYZ = 2,`, "amount.currencies.XYZ"},
		{"paystack", `currencies = { NGN = 2,`, `currencies = { NGN = -1,`, "amount.currencies.NGN"},
		{"paystack", `algorithm = "hmac-sha512"`, `algorithm = "md5"`, "notify.algorithm"},
		{"paystack", `encoding = "hex"`, "encoding = \"hex\"\nsigned = \"{timestamp}\"", "notify.signed"},
		{"paystack", `encoding = "hex"`, "encoding = \"hex\"\nsigned = \"{timestamp}.{body}\"", "notify.signed"},
		{"paystack", `pattern = "[a-z0-9_-]{16,50}"`, `pattern = "("`, "key.pattern"},
		{"paystack", `format = 1`, "format = 1\nformat = 1", "line"},
		{"paystack", `format = 1`, "format = ", "line"},
	} {
		doc := source(t, row.form)
		if !strings.Contains(doc, row.old) {
			t.Fatalf("%s has no %q", row.form, row.old)
		}
		_, err := Parse([]byte(strings.Replace(doc, row.old, row.new, 1)))
		if err == nil || row.want != "" && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s with %q: got %v, want it refused by %q", row.form, row.new, err, row.want)
		}
	}
	doc := source(t, "paystack")
	if _, err := Parse([]byte(doc[:strings.Index(doc, "[[sample]]")])); err == nil || !strings.Contains(err.Error(), "sample") {
		t.Errorf("without samples: got %v", err)
	}
	if _, err := Parse([]byte(strings.Repeat("#", maxForm+1))); err == nil {
		t.Error("a form without bound was read")
	}
}

// TestAnUnsaidSettleIsLong: what nobody says is not taken for nothing, since an
// order that lands after a look-up would be paid twice.
func TestAnUnsaidSettleIsLong(t *testing.T) {
	f, err := Parse([]byte(strings.Replace(source(t, "paystack"), `settle = "2m"`, "", 1)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(f, connector.Host{Transport: http.DefaultTransport, Now: time.Now})(connector.Account{Test: true, Secrets: map[string]string{"api_key": "sk_test_0123456789abcdef"}})
	if err != nil || c.Traits().Settle != unsaidSettle {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	doc := strings.NewReplacer(`kind = "bearer"`, `kind = "x"`, `form = "minor"`, `form = "y"`, `settle = "2m"`, `settle = "-1s"`).Replace(source(t, "paystack"))
	_, err := Parse([]byte(doc))
	for _, key := range []string{"auth.kind", "amount.form", "traits"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("got %v, want it to name %s", err, key)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(source(f, "paystack")))
	f.Add([]byte(source(f, "wise")))
	f.Fuzz(func(t *testing.T, doc []byte) {
		form, err := Parse(doc)
		if err == nil {
			form.Replay()
			_, _ = form.Stage()
		}
	})
}
