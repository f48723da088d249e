package cli

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// errand is one request that bears a canary.
type errand struct {
	method, path string
	header       map[string]string
	body         any    // JSON; a string is sent as it is
	raw          string // the whole request, for what no client would send
	anonymous    bool   // without the merchant's key
}

// shape is a way for a canary to come in.
type shape struct {
	name string
	// echoed says that the contract promises the client its own text back: an
	// id or a note, of which nobody can say that it is a card number. It is
	// kept and shown as it came, and still in no log, metric or refusal.
	echoed bool
	// kinds are the canaries that it takes; empty means all but security codes,
	// which nobody can tell in a place that is not theirs.
	kinds string
	make  func(c canary) errand
}

func (s shape) takes(kind string) bool {
	if s.kinds == "" {
		return kind != "code"
	}
	return strings.Contains(s.kinds, kind)
}

func post(path string, body any) errand { return errand{method: "POST", path: path, body: body} }

// paid is the body of a payout to the canary's account, with something changed.
func paid(c canary, change func(body map[string]any)) errand {
	body := map[string]any{"amount": 1000, "currency": "EUR", "confirm": true, "auto_fulfill": true, "customer": map[string]any{"id": "ada", "name": "Ada Example"}}
	switch c.kind {
	case "iban":
		body["payout_type"], body["payout_method_data"] = "bank", map[string]any{"bank": map[string]any{"iban": c.text}}
	case "card":
		body["payout_type"] = "card"
		body["payout_method_data"] = map[string]any{"card": map[string]any{"card_number": c.text, "expiry_month": "12", "expiry_year": "2035", "card_holder_name": "Ada Example"}}
	default:
		body["payout_type"], body["payout_method_data"] = "bank", map[string]any{"bank": map[string]any{"iban": goodIBAN}}
	}
	change(body)
	return post("/payouts/create", body)
}

// good is a payout that bears nothing secret but what change puts in.
func good(change func(body map[string]any)) errand { return paid(canary{}, change) }

// set puts the canary into one member of a good payout.
func set(member string, value func(text string) any) func(canary) errand {
	return func(c canary) errand {
		return good(func(body map[string]any) { body[member] = value(c.text) })
	}
}

func itself(text string) any { return text }

func within(members ...string) func(string) any {
	return func(text string) any {
		var v any = text
		for i := range members {
			v = map[string]any{members[len(members)-1-i]: v}
		}
		return v
	}
}

// headed puts the canary into a header of a good payout.
func headed(name, format string) func(canary) errand {
	return func(c canary) errand {
		e := good(func(map[string]any) {})
		e.header = map[string]string{name: fmt.Sprintf(format, c.text)}
		return e
	}
}

func get(format string) func(canary) errand {
	return func(c canary) errand {
		return errand{method: "GET", path: fmt.Sprintf(format, url.QueryEscape(c.text))}
	}
}

func literally(format string) func(canary) errand {
	return func(c canary) errand { return post("/payouts/create", fmt.Sprintf(format, c.text)) }
}

func card(member string) func(canary) errand {
	return func(c canary) errand {
		return good(func(body map[string]any) {
			card := map[string]any{"card_number": "4111111111111111", "expiry_month": "12", "expiry_year": "2035", "card_holder_name": "Ada Example"}
			card[member] = c.text
			body["payout_type"], body["payout_method_data"] = "card", map[string]any{"card": card}
		})
	}
}

// shapes are all ways in, through the API.
func shapes() []shape {
	own := func(name string, fn func(canary) errand) shape { return shape{name: name, make: fn} }
	echo := func(name string, fn func(canary) errand) shape { return shape{name: name, echoed: true, make: fn} }
	code := func(name string, fn func(canary) errand) shape {
		return shape{name: name, kinds: "card code", make: fn}
	}
	return []shape{
		own("where it belongs", func(c canary) errand { return paid(c, func(map[string]any) {}) }),
		own("repeated under a key", func(c canary) errand {
			e := paid(c, func(map[string]any) {})
			e.header = map[string]string{"Idempotency-Key": "again"}
			return e
		}),
		own("saved", func(c canary) errand {
			if c.kind == "iban" {
				return post("/payment_methods", map[string]any{"customer_id": "saver", "payment_method": "bank_transfer", "payment_method_type": "sepa", "bank_transfer": map[string]any{"iban": c.text}})
			}
			return post("/payment_methods", map[string]any{"customer_id": "saver", "payment_method": "card",
				"card": map[string]any{"card_number": c.text, "card_exp_month": "12", "card_exp_year": "2035", "card_holder_name": "Ada Example"}})
		}),
		own("saved with a security code", func(c canary) errand {
			return post("/payment_methods", map[string]any{"customer_id": "saver", "payment_method": "card",
				"card": map[string]any{"card_number": c.text, "card_exp_month": "12", "card_exp_year": "2035", "card_cvc": c.text}})
		}),
		code("security code", card("card_cvc")), code("cvv", card("cvv")), code("pin", card("pin")), code("track", card("track2")),
		code("saved security code", func(c canary) errand {
			return post("/payment_methods", map[string]any{"customer_id": "saver", "payment_method": "card",
				"card": map[string]any{"card_number": "4111111111111111", "card_exp_month": "12", "card_exp_year": "2035", "card_cvc": c.text}})
		}),
		code("a security code that is a number", func(c canary) errand {
			return post("/payment_methods", fmt.Sprintf(`{"customer_id":"saver","payment_method":"card","card":{"card_number":"4111111111111111","card_exp_month":"12","card_exp_year":"2035","card_cvc":%s}}`, c.text))
		}),
		own("expiry month", card("expiry_month")), own("expiry year", card("expiry_year")), own("number with a letter", func(c canary) errand { return paid(canary{"card", c.text + "x"}, func(map[string]any) {}) }),
		own("unknown member of a card", card("number")), own("card network", card("card_network")), shape{name: "holder's name", kinds: "card iban", make: card("card_holder_name")},
		own("IBAN with a letter", func(c canary) errand { return paid(canary{"iban", c.text + "x"}, func(map[string]any) {}) }),
		own("amount", set("amount", itself)), own("currency", set("currency", itself)), own("type", set("payout_type", itself)),
		own("connector", set("connector", func(s string) any { return []string{s} })), own("priority", set("priority", itself)), own("entity", set("entity_type", itself)),
		own("token", set("payout_token", itself)), own("saved method", set("payout_method_id", itself)), own("client secret", set("client_secret", itself)),
		own("profile", set("profile_id", itself)), own("merchant", set("merchant_id", itself)), own("business country", set("business_country", itself)),
		own("routing", set("routing", within("type"))), own("source bank", set("source_bank_data", func(s string) any { return map[string]any{"payout_method_type": "sepa", "iban": s} })),
		own("source bank's kind", set("source_bank_data", within("payout_method_type"))), own("kind of data", set("payout_method_data", func(s string) any { return map[string]any{s: 1} })),
		own("passthrough", func(c canary) errand {
			return good(func(body map[string]any) {
				body["payout_method_data"] = map[string]any{"passthrough": map[string]any{"psp_token": c.text, "token_type": "sepa"}}
			})
		}),
		own("wallet", set("payout_method_data", func(s string) any {
			return map[string]any{"wallet": map[string]any{"paypal": map[string]any{"paypal_id": s}}}
		})),
		own("unknown member", func(c canary) errand { return good(func(body map[string]any) { body[c.text] = 1 }) }),
		own("unknown member's value", set("card_number", itself)), own("a number", literally(`{"amount":%s}`)), own("twice", literally(`{"%[1]s":1,"%[1]s":2}`)),
		own("cut short", literally(`{"amount":1000,"payout_method_data":{"card":{"card_number":"%s`)), own("alone", literally(`%s`)), own("trailing", literally(`{}%s`)),
		own("bad text", literally("{\"description\":\"%s\xff\"}")), own("bad escape", literally(`{"description":"%s\ud800"}`)), own("a form", literally(`card_number=%s&amount=1`)),
		own("media type", headed("Content-Type", "application/%s")), own("request id", headed("X-Request-Id", "%s")), own("longer request id", headed("X-Request-Id", "id-%s-id")),
		own("idempotency key", headed("Idempotency-Key", "%s")), own("bad idempotency key", headed("Idempotency-Key", "%s x")), own("user agent", headed("User-Agent", "card %s")),
		own("cookie", headed("Cookie", "card=%s")), own("any header", headed("X-Card", "%s")), own("forwarded", headed("X-Forwarded-For", "%s")), own("referer", headed("Referer", "https://shop.example/?card=%s")),
		own("accept", headed("Accept", "application/%s")), own("trace", headed("Traceparent", "00-%s-01")),
		own("key", func(c canary) errand {
			return errand{method: "GET", path: "/payouts/list", header: map[string]string{"api-key": c.text}, anonymous: true}
		}),
		own("bearer", func(c canary) errand {
			return errand{method: "GET", path: "/payouts/list", header: map[string]string{"Authorization": "Bearer " + c.text}, anonymous: true}
		}),
		own("basic", func(c canary) errand {
			return errand{method: "GET", path: "/payouts/list", header: map[string]string{"Authorization": "Basic " + c.text}, anonymous: true}
		}),
		own("query's value", get("/payouts/list?customer_id=%s")), own("query's number", get("/payouts/list?limit=%s")), own("query's name", get("/payouts/list?%s=1")), own("query's time", get("/payouts/list?time_range=%s")),
		own("filter", func(c canary) errand {
			return post("/payouts/list", map[string]any{"customer_id": c.text, "status": []string{c.text}, "payout_id": c.text})
		}),
		own("payout's path", get("/payouts/%s")), own("customer's path", get("/customers/%s")), own("method's path", get("/payment_methods/%s")), own("methods' path", get("/customers/%s/payment_methods")),
		own("path of nothing", get("/%s/x")), own("health", get("/health?card=%s")), own("cancel", func(c canary) errand { return post("/payouts/"+c.text+"/cancel", map[string]any{"payout_id": c.text}) }),
		own("provider's notice", func(c canary) errand {
			return errand{method: "POST", path: "/webhooks/default/mca_" + c.text, body: map[string]any{"card": c.text}, anonymous: true}
		}),
		own("method", func(c canary) errand { return errand{raw: c.text + " /payouts/list HTTP/1.1\r\nHost: a\r\n\r\n"} }),
		own("request line", func(c canary) errand { return errand{raw: "GET /payouts/" + c.text + "\r\n\r\n"} }),
		own("version", func(c canary) errand { return errand{raw: "GET / HTTP/" + c.text + "\r\nHost: a\r\n\r\n"} }),
		own("broken header", func(c canary) errand { return errand{raw: "GET / HTTP/1.1\r\nHost: a\r\n" + c.text + "\r\n\r\n"} }),
		own("host", func(c canary) errand { return errand{raw: "GET / HTTP/1.1\r\nHost: " + c.text + "/x\r\n\r\n"} }),
		own("length", func(c canary) errand {
			return errand{raw: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + c.text + "\r\n\r\n"}
		}),
		own("escaped path", func(c canary) errand { return errand{raw: "GET /a/..%2f" + c.text + " HTTP/1.1\r\nHost: a\r\n\r\n"} }),

		echo("payout's id", set("payout_id", itself)), echo("customer's id", set("customer_id", itself)), echo("order reference", set("merchant_order_reference_id", itself)),
		echo("description", set("description", itself)), echo("metadata", set("metadata", within("note"))), echo("name of metadata", set("metadata", func(s string) any { return map[string]any{s: "x"} })),
		echo("billing", set("billing", within("address", "line1"))), echo("return URL", set("return_url", func(s string) any { return "https://shop.example/?order=" + s })),
		echo("business label", set("business_label", itself)), echo("customer's name", set("customer", func(s string) any { return map[string]any{"id": "bob", "name": s} })),
		echo("new customer", func(c canary) errand {
			return post("/customers", map[string]any{"name": c.text, "description": c.text, "metadata": map[string]any{"note": c.text}, "address": map[string]any{"line1": c.text}, "email": "a" + c.text + "@shop.example"})
		}),
		echo("method's metadata", func(c canary) errand {
			return post("/payment_methods", map[string]any{"customer_id": "saver", "payment_method": "card", "metadata": map[string]any{"note": c.text},
				"card": map[string]any{"card_number": "4111111111111111", "card_exp_month": "12", "card_exp_year": "2035", "nick_name": c.text}})
		}),
	}
}

// text is the body as it is sent.
func (e errand) text() []byte {
	switch b := e.body.(type) {
	case nil:
		return nil
	case string:
		return []byte(b)
	}
	raw, err := json.Marshal(e.body)
	if err != nil {
		panic(err) // maps, texts and numbers
	}
	return raw
}
