package cli

import (
	"fmt"
	"net/url"
	"strings"
)

// gatewayPoint stands for the merchant's payout point, which is known only
// once it serves.
const gatewayPoint = "POINT"

const gatewayPath = "/v1/payout-gateway/payout-requests"

func attributes(kind string, a map[string]any) map[string]any {
	return map[string]any{"data": map[string]any{"type": kind, "attributes": a}}
}

// requested is a payout request to the canary's account, with something
// changed.
func requested(c canary, change func(a map[string]any)) errand {
	a := map[string]any{"point_id": gatewayPoint, "point_currency": "EUR", "point_amount": 10, "service": "sepa_eur", "fields": map[string]any{"iban": goodIBAN}}
	switch c.kind {
	case "iban":
		a["fields"] = map[string]any{"iban": c.text}
	case "card":
		a["service"], a["fields"] = "payment_card_eur", map[string]any{"card_number": c.text}
	}
	change(a)
	return post(gatewayPath, attributes("payout-request", a))
}

// asked puts the canary into one attribute of a good payout request.
func asked(name string, value func(text string) any) func(canary) errand {
	return func(c canary) errand {
		return requested(canary{}, func(a map[string]any) { a[name] = value(c.text) })
	}
}

// gatewayShapes are the ways in through the payout gateway.
func gatewayShapes() []shape {
	own := func(name string, fn func(canary) errand) shape { return shape{name: "gateway: " + name, make: fn} }
	echo := func(name string, fn func(canary) errand) shape {
		return shape{name: "gateway: " + name, echoed: true, make: fn}
	}
	read := func(format string) func(canary) errand {
		return func(c canary) errand {
			return errand{method: "GET", path: "/v1/" + fmt.Sprintf(format, url.QueryEscape(c.text))}
		}
	}
	write := func(path, kind, member string) func(canary) errand {
		return func(c canary) errand {
			return post("/v1/"+path, attributes(kind, map[string]any{"name": "x", member: c.text}))
		}
	}
	return []shape{
		own("where it belongs", func(c canary) errand { return requested(c, func(map[string]any) {}) }),
		own("repeated under a key", func(c canary) errand {
			e := requested(c, func(map[string]any) {})
			e.header = map[string]string{"Idempotency-Key": "gateway again"}
			return e
		}),
		own("repeated under a reference", func(c canary) errand {
			return requested(c, func(a map[string]any) { a["reference_id"] = "again" })
		}),
		own("dry run", func(c canary) errand {
			e := requested(c, func(map[string]any) {})
			e.path += "/explain"
			return e
		}),
		own("context", func(c canary) errand {
			return requested(c, func(a map[string]any) {
				a["context"], a["fields"] = a["fields"], map[string]any{}
			})
		}),
		{name: "gateway: security code", kinds: "card code", make: asked("fields", func(s string) any { return map[string]any{"iban": goodIBAN, "card_cvc": s} })},
		{name: "gateway: security code in the context", kinds: "card code", make: asked("context", func(s string) any { return map[string]any{"cvv": s} })},
		own("unknown field", asked("fields", func(s string) any { return map[string]any{"iban": goodIBAN, s: "x"} })),
		own("field with a letter", func(c canary) errand { return requested(canary{c.kind, c.text + "x"}, func(map[string]any) {}) }),
		{name: "gateway: recipient's name", kinds: "card iban", make: asked("fields", func(s string) any { return map[string]any{"iban": goodIBAN, "recipient_name": s} })},
		own("amount", asked("point_amount", itself)), own("currency", asked("point_currency", itself)), own("service", asked("service", itself)), own("point", asked("point_id", itself)),
		own("point's name", asked("point_id", func(s string) any { return "pop_" + s })), own("quote", asked("quote_id", itself)), own("expires", asked("expires", itself)), own("flag", asked("autoprocess", itself)),
		own("unknown attribute", asked("card_number", itself)), own("type", func(c canary) errand { return post(gatewayPath, attributes(c.text, map[string]any{})) }),
		own("alone", func(c canary) errand { return post(gatewayPath, c.text) }), own("cut short", func(c canary) errand {
			return post(gatewayPath, `{"data":{"attributes":{"fields":{"card_number":"`+c.text)
		}),
		own("twice", func(c canary) errand {
			return post(gatewayPath, fmt.Sprintf(`{"data":{"%[1]s":1,"%[1]s":2}}`, c.text))
		}),
		echo("filter's value", read("payout-gateway/payout-requests?filter[requisite]=%s")), own("filter's name", read("payout-gateway/payouts?filter[%s][near]=1")), own("cursor", read("payout-gateway/payouts?page[after]=%s")),
		own("sort", read("payout-gateway/payout-requests?sort=%s")), own("include", read("payout-gateway/payout-requests?include=%s")), own("path", read("payout-gateway/payout-requests/%s")), own("path of nothing", read("%s/x")),
		echo("reference looked for", read("payout-gateway/payout-requests?filter[reference_id]=%s")), own("service looked for", read("connect-directory/payout-services/%s")), own("currency looked for", read("connect-directory/payout-services?filter[currency]=%s")),
		own("public key", func(c canary) errand {
			return errand{method: "POST", path: "/public-api/payout-prerequest", body: map[string]any{"public_key": c.text, "currency": c.text}, anonymous: true}
		}),
		own("bearer", func(c canary) errand {
			return errand{method: "GET", path: gatewayPath, header: map[string]string{"Authorization": "Bearer " + c.text}, anonymous: true}
		}),
		own("credential", func(c canary) errand {
			return post("/v1/provider-hub/provider-accounts", attributes("provider-accounts", map[string]any{"provider": "test", "name": "x", "credentials": map[string]any{"secret": c.text}}))
		}),
		own("provider", write("provider-hub/provider-accounts", "provider-accounts", "provider")), own("callback's address", write("payout-gateway/payout-points", "payout-points", "callback_url")),
		own("key's address", func(c canary) errand {
			return post("/v1/organization/api-keys", attributes("api-keys", map[string]any{"scopes": []string{"payouts"}, "whitelisted_ips": []string{c.text}}))
		}),
		own("tree", func(c canary) errand {
			return post("/v1/payout-gateway/routing-schemes/rtg_x/revisions", attributes("routing-scheme-revisions", map[string]any{"service": "sepa_eur", "tree": map[string]any{"strategies": []any{map[string]any{"type": c.text}}}}))
		}),

		echo("reference", asked("reference_id", itself)), echo("memo", asked("memo", itself)), echo("description", asked("description", itself)), echo("metadata", asked("metadata", within("note"))),
		echo("customer", asked("customer", func(s string) any { return map[string]any{"id": "c" + strings.ToLower(s[:4]), "name": s} })),
		echo("point's description", func(c canary) errand {
			return post("/v1/payout-gateway/payout-points", attributes("payout-points", map[string]any{"name": c.text, "currencies": []string{"EUR"}}))
		}),
	}
}
