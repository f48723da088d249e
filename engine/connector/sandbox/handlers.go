package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
)

// Codes of errors beyond the refusals of an order. The connector takes none
// of them for a refusal.
const (
	codeNotFound = "transfer_not_found"
	codeNoLookup = "lookup_not_supported"
	codeInternal = "internal_error"
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/transfers", s.postTransfer)
	mux.HandleFunc("GET /v1/transfers", s.getTransfer)
	mux.HandleFunc("GET /v1/ledger", s.getLedger)
	mux.HandleFunc("GET /v1/report", s.getReport)
	mux.HandleFunc("GET /v1/balances", s.getBalances)
	mux.HandleFunc("GET /v1/faults", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.provider.Faults()) })
	mux.HandleFunc("PUT /v1/faults", s.putFaults)
	mux.HandleFunc("GET /health", s.getHealth)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "no_such_route", "see POST and GET /v1/transfers, GET /v1/ledger, GET /v1/report, GET /v1/balances, GET and PUT /v1/faults")
	})
	return mux
}

func (s *Server) getHealth(w http.ResponseWriter, _ *http.Request) {
	if err := s.provider.durable(); err != nil {
		s.broken(w, err)
		return
	}
	reply(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Server) postTransfer(w http.ResponseWriter, r *http.Request) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		fail(w, http.StatusServiceUnavailable, "busy", "too many orders at once")
		return
	}
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	order, refusal := readOrder(body)
	if refusal != nil {
		refuse(w, refusal)
		return
	}
	a, err := s.provider.Receive(order)
	if err != nil {
		s.broken(w, err)
		return
	}
	if !s.pause(r, a.Delay) {
		panic(http.ErrAbortHandler)
	}
	s.answer(w, a)
}

func (s *Server) answer(w http.ResponseWriter, a Answer) {
	deadline := s.options.Now().Add(writeFor)
	if err := http.NewResponseController(w).SetWriteDeadline(deadline); err != nil {
		panic(http.ErrAbortHandler)
	}
	switch {
	case a.Cut == Dropped:
		drop(w)
	case a.Cut == Failed:
		fail(w, http.StatusInternalServerError, codeInternal, "something went wrong")
	case a.Refusal != nil:
		refuse(w, a.Refusal)
	default:
		reply(w, http.StatusOK, wireOf(a.Transfer))
	}
}

// pause waits; false when the server ends or the client went away meanwhile.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.quit:
	case <-r.Context().Done():
	}
	return false
}

// drop closes the connection without a byte.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // closes it too
	}
	conn.Close()
}

func (s *Server) getTransfer(w http.ResponseWriter, r *http.Request) {
	if !s.provider.Faults().Lookup {
		fail(w, http.StatusNotImplemented, codeNoLookup, "this provider can't be asked for a key")
		return
	}
	key := r.URL.Query().Get("key")
	if key == "" {
		fail(w, http.StatusBadRequest, codeInvalid, "query parameter key is required")
		return
	}
	t, found, err := s.provider.Find(key)
	switch {
	case err != nil:
		s.broken(w, err)
	case !found:
		fail(w, http.StatusNotFound, codeNotFound, "no transfer has this key")
	default:
		reply(w, http.StatusOK, wireOf(t))
	}
}

// getLedger shows all of the ledger, or one account's part.
func (s *Server) getLedger(w http.ResponseWriter, r *http.Request) {
	account := r.URL.Query().Get("account")
	totals := map[string]Total{}
	out := listReply{to: w, now: s.options.Now, member: "transfers"}
	err := s.provider.list(time.Time{}, func(l Line) error {
		if account != "" && l.Account != account {
			return nil
		}
		if err := addTotal(totals, l); err != nil {
			return err
		}
		return out.add(wireLine{wireOf(l.Transfer), l.Account, l.Movements})
	})
	sums := map[string]wireTotal{}
	for code, t := range totals {
		sums[code] = wireTotal{t.Count, t.Amount.Decimal()}
	}
	if err = errors.Join(err, out.end(err, "totals", sums)); err != nil {
		s.brokenOff(w, &out, err)
	}
}

func (s *Server) putFaults(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	f, err := s.provider.SetFaults(body)
	switch {
	case errors.Is(err, ErrFaults):
		fail(w, http.StatusBadRequest, "invalid_faults", refusalText(err))
	case err != nil:
		s.broken(w, err)
	default:
		reply(w, http.StatusOK, f)
	}
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		fail(w, http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("body must not exceed %d bytes", maxBody))
		return nil, false
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "unreadable_body", "body could not be read")
		return nil, false
	}
	return body, true
}

// broken answers when the file can't be written: nobody knows what is in it.
func (s *Server) broken(w http.ResponseWriter, err error) {
	s.options.Log.Error("test provider can't go on", "err", err)
	fail(w, http.StatusInternalServerError, codeInternal, "the provider's file can't be written")
}

// refuse answers an order that was not taken. A conflict says nothing about
// what was booked under its key before.
func refuse(w http.ResponseWriter, r *Refusal) {
	e := wireError{}
	e.Error.Code, e.Error.Message = r.Code, r.Message
	if r.Code == codeConflict {
		reply(w, http.StatusConflict, e)
		return
	}
	e.Error.Booked = new(bool)
	reply(w, http.StatusBadRequest, e)
}

func fail(w http.ResponseWriter, status int, code, message string) {
	e := wireError{}
	e.Error.Code, e.Error.Message = code, message
	reply(w, status, e)
}

func reply(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that went away asks again
}
