package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// Over HTTP, against the real binary that is killed (kill -9) and stopped
// meanwhile: under one Idempotency-Key there is one body and one answer, byte
// for byte, whoever asks and whenever.

// repeat is one POST /payouts/create.
type repeat struct{ key, body string }

// reply is what the caller got: an answer, a refusal of the other body, or
// nothing that says whether it took place.
type reply struct {
	answer string
	reused bool
	lost   bool
}

// kept is the life of a key: absent (no body), then one body with one answer;
// an answer that was lost on its way is unseen until somebody gets it.
type kept struct{ body, answer string }

const unseen = "?"

func repeatModel() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Partition: func(all []porcupine.Operation) (out [][]porcupine.Operation) {
			at := map[string]int{}
			for _, op := range all {
				key := op.Input.(repeat).key
				i, known := at[key]
				if !known {
					i = len(out)
					at[key], out = i, append(out, nil)
				}
				out[i] = append(out[i], op)
			}
			return out
		},
		Init: func() []any { return []any{kept{}} },
		Step: func(state, input, output any) []any { return state.(kept).next(input.(repeat), output.(reply)) },
	}
	return m.ToModel()
}

func (k kept) next(r repeat, got reply) []any {
	switch {
	case got.lost && k.body == "":
		return []any{k, kept{r.body, unseen}}
	case got.lost, got.reused && k.body != "" && k.body != r.body:
		return []any{k}
	case got.reused:
		return nil
	case k.body == "", k == kept{r.body, unseen}, k == kept{r.body, got.answer}:
		return []any{kept{r.body, got.answer}}
	}
	return nil
}

// repeaters are callers of one server that comes and goes.
type repeaters struct {
	t     *testing.T
	key   string // of the API
	base  atomic.Pointer[string]
	calls atomic.Int64
	clock atomic.Int64

	mu  sync.Mutex
	ops []porcupine.Operation
	odd []string
}

func (p *repeaters) call(caller int, draw *rand.Rand, api *http.Client) {
	r := repeat{key: fmt.Sprintf("key-%d", int(p.calls.Add(1))/40+draw.IntN(2)), body: "one"}
	amount := 100
	if draw.IntN(3) == 0 {
		r.body, amount = "other", 200
	}
	// under an id of the merchant's own, over which a repeat could stumble
	body := fmt.Appendf(nil, `{"payout_id":"%s-%s","amount":%d,"currency":"EUR","customer_id":"ada","confirm":true,"auto_fulfill":true,%s}`, r.key, r.body, amount, benchCard)
	from := p.clock.Add(1)
	got := p.post(api, r.key, body)
	p.mu.Lock()
	p.ops = append(p.ops, porcupine.Operation{ClientId: caller, Input: r, Call: from, Output: got, Return: p.clock.Add(1)})
	p.mu.Unlock()
	if got.lost {
		<-time.After(20 * time.Millisecond) // the server is away
	}
}

func (p *repeaters) post(api *http.Client, key string, body []byte) reply {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, *p.base.Load()+"/payouts/create", bytes.NewReader(body))
	if err != nil {
		return p.wonder("%v", err)
	}
	req.Header.Set("api-key", p.key)
	req.Header.Set("Idempotency-Key", key)
	req.Header.Set("Content-Type", "application/json")
	req.GetBody = nil // one call is one arrival
	resp, err := api.Do(req)
	if err != nil {
		return reply{lost: true}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	switch {
	case err != nil, resp.StatusCode == http.StatusServiceUnavailable:
		return reply{lost: true}
	case resp.StatusCode == http.StatusUnprocessableEntity && bytes.Contains(answer, []byte("IR_06")):
		return reply{reused: true}
	case resp.StatusCode == http.StatusOK:
		return reply{answer: string(answer)}
	}
	return p.wonder("%s: %s", resp.Status, clip(string(answer)))
}

// wonder notes an answer that no repeat may get.
func (p *repeaters) wonder(format string, args ...any) reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.odd = append(p.odd, fmt.Sprintf(format, args...))
	return reply{lost: true}
}

func TestRepeatsOverHTTPAreLinearizable(t *testing.T) {
	t.Parallel()
	const many, rounds, each = 8, 4, 25
	place := newPlace(t)
	p := &repeaters{t: t, key: place.Key}
	env := []string{"PENSTOCK_LOG_LEVEL=error", "PENSTOCK_ENGINE_FIRST_WORD=100ms"}
	for round := range rounds {
		server := start(t, env, "serve", "--config", place.Config)
		p.base.Store(&server.url)
		if round == 0 {
			if err := newCaller(server.url, place.Key).do(t.Context(), http.MethodPost, "/customers", map[string]any{"customer_id": "ada"}, new(any)); err != nil {
				t.Fatal(err)
			}
		}
		var callers sync.WaitGroup
		var done atomic.Int64
		for i := range many {
			callers.Go(func() {
				draw, api := rand.New(rand.NewPCG(uint64(round), uint64(i))), &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				for range each {
					p.call(i, draw, api)
					done.Add(1)
				}
			})
		}
		waitFor(t, "half of the calls are made", func() bool { return done.Load() > many*each/2 })
		server.end([]syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[round%2])
		server = start(t, env, "serve", "--config", place.Config)
		p.base.Store(&server.url)
		soon(t, "all calls are made", all(&callers))
		server.end(syscall.SIGTERM)
	}
	p.judge(place)
}

func (p *repeaters) judge(place made) {
	if got := porcupine.CheckOperationsTimeout(repeatModel(), p.ops, 0); got != porcupine.Ok {
		p.t.Errorf("%d calls over HTTP are not linearizable", len(p.ops))
	}
	for _, what := range p.odd[:min(len(p.odd), 5)] {
		p.t.Error(what)
	}
	seen := map[string]int{}
	for _, op := range p.ops {
		switch got := op.Output.(reply); {
		case got.lost:
			seen["lost"]++
		case got.reused:
			seen["reused"]++
		default:
			seen["answered"]++
		}
	}
	p.t.Logf("%d calls: %v", len(p.ops), seen)
	if out, code := once(p.t, nil, "check", "--config", place.Config); code != ExitDone {
		p.t.Errorf("check ends with %d: %s", code, out)
	}
}

// TestTheRepeatModelSees holds histories that no right server makes against
// the model.
func TestTheRepeatModelSees(t *testing.T) {
	one, other := repeat{"k", "one"}, repeat{"k", "other"}
	op := func(in repeat, out reply, from, to int64) porcupine.Operation {
		return porcupine.Operation{Input: in, Output: out, Call: from, Return: to}
	}
	for name, row := range map[string]struct {
		ops  []porcupine.Operation
		want bool
	}{
		"two answers to one body":        {[]porcupine.Operation{op(one, reply{answer: "a"}, 1, 2), op(one, reply{answer: "b"}, 3, 4)}, false},
		"two bodies answered":            {[]porcupine.Operation{op(one, reply{answer: "a"}, 1, 4), op(other, reply{answer: "b"}, 2, 3)}, false},
		"refused before it was used":     {[]porcupine.Operation{op(one, reply{reused: true}, 1, 2), op(other, reply{answer: "b"}, 3, 4)}, false},
		"refused with its own body":      {[]porcupine.Operation{op(one, reply{answer: "a"}, 1, 2), op(one, reply{reused: true}, 3, 4)}, false},
		"lost, then answered as another": {[]porcupine.Operation{op(one, reply{lost: true}, 1, 2), op(other, reply{reused: true}, 3, 4), op(other, reply{answer: "b"}, 5, 6)}, false},
		"repeated":                       {[]porcupine.Operation{op(one, reply{answer: "a"}, 1, 4), op(one, reply{answer: "a"}, 2, 3), op(other, reply{reused: true}, 2, 5)}, true},
		"lost, and found by a repeat":    {[]porcupine.Operation{op(one, reply{lost: true}, 1, 2), op(one, reply{answer: "a"}, 3, 4)}, true},
		"lost, and never arrived":        {[]porcupine.Operation{op(one, reply{lost: true}, 1, 2), op(other, reply{answer: "b"}, 3, 4)}, true},
	} {
		if got := porcupine.CheckOperations(repeatModel(), row.ops); got != row.want {
			t.Errorf("%s: linearizable %v, want %v", name, got, row.want)
		}
	}
}
