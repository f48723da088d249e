package rest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"penstock/engine"
	"penstock/engine/sim"
	"penstock/httpd/rest"
	"penstock/httpd/wire/wiretest"
)

// BenchmarkCreate is a payout to an account, made and left for fulfilment: a
// whole HTTP request over a store in memory.
func BenchmarkCreate(b *testing.B) {
	w, err := sim.New(sim.Config{Seed: 1, Render: map[string]engine.Render{"rest": rest.Render}})
	must(b, err)
	client := wiretest.Client(b, newMux(b, w.Engine, w.Clock.Now, 0))
	key, _, _ := openShop(b, w.Engine, "shop")
	body := `{"amount":1250,"currency":"EUR","customer_id":"ada","name":"Ada Example","confirm":true,` + sepa("NL69TEST0000000001") + `}`
	b.ReportAllocs()
	for b.Loop() {
		req, err := http.NewRequest("POST", "http://penstock.test/payouts/create", strings.NewReader(body))
		must(b, err)
		req.Header.Set("api-key", key)
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		must(b, err)
		_, err = io.Copy(io.Discard, res.Body)
		must(b, err)
		must(b, res.Body.Close())
		if res.StatusCode != 200 {
			b.Fatal(res.Status)
		}
	}
}
