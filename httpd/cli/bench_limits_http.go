package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/valyala/fasthttp"

	"penstock/httpd/wire"
)

// emptyRequest and emptyAnswer are a create's shape and size, with nothing
// behind it: decoded as strictly as the API decodes, and about 0.5 kB back.
type emptyRequest struct {
	Amount      int64       `json:"amount"`
	Currency    string      `json:"currency"`
	Customer    string      `json:"customer_id"`
	OrderRef    string      `json:"merchant_order_reference_id"`
	Confirm     *bool       `json:"confirm"`
	AutoFulfill *bool       `json:"auto_fulfill"`
	Type        string      `json:"payout_type"`
	Data        wire.Object `json:"payout_method_data"`
	Billing     wire.Object `json:"billing"`
	Description string      `json:"description"`
	Entity      string      `json:"entity_type"`
	Metadata    wire.Object `json:"metadata"`
}

type emptyAnswer struct {
	PayoutID    string          `json:"payout_id"`
	Amount      int64           `json:"amount"`
	Currency    string          `json:"currency"`
	Status      string          `json:"status"`
	Customer    string          `json:"customer_id"`
	OrderRef    string          `json:"merchant_order_reference_id"`
	Description string          `json:"description"`
	Billing     json.RawMessage `json:"billing"`
	Metadata    json.RawMessage `json:"metadata"`
}

// answerEmpty is the least that a server must do for a create.
func answerEmpty(rc *fasthttp.RequestCtx) {
	var in emptyRequest
	if err := wire.Decode(rc.PostBody(), &in, wire.DecodeOptions{}); err != nil {
		rc.SetStatusCode(fasthttp.StatusBadRequest)
		return
	}
	out, err := wire.Encode(emptyAnswer{in.OrderRef, in.Amount, in.Currency, "requires_confirmation", in.Customer, in.OrderRef, in.Description,
		json.RawMessage(in.Billing), json.RawMessage(in.Metadata)})
	if err != nil {
		rc.SetStatusCode(fasthttp.StatusInternalServerError)
		return
	}
	rc.SetContentType("application/json")
	rc.Response.SetBodyRaw(out)
}

// measureHTTP drives a server of its own with the client and the bodies that
// measure the real one.
func measureHTTP(ctx context.Context, workers int) (rate float64, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	server := &fasthttp.Server{Handler: answerEmpty, CloseOnShutdown: true, ReadTimeout: benchPatience, WriteTimeout: benchPatience}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	client := newBenchClient(&url.URL{Scheme: "http", Host: ln.Addr().String()}, "")
	defer func() {
		client.conns.close()
		err = errors.Join(err, server.Shutdown(), <-ended)
	}()
	s := &benchScenario{client: client, customer: client.run}
	var rates []float64
	for range benchSlices {
		load := &benchLoad{Workers: workers, Length: benchSlice, Do: s.create}
		load.run(ctx, benchHooks{})
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if n := load.record.failed.Load(); n > 0 {
			return 0, fmt.Errorf("%d calls failed: %v", n, load.record.failures)
		}
		rates = append(rates, float64(load.record.done.Load())/load.window().Seconds())
	}
	return median(rates), nil
}
