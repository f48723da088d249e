// Package connectortest is the contract that every connector keeps, in
// executable form: see [Test]. A connector that passes makes at most one
// request that can move money for one Send, says Unknown whenever it cannot
// know, and shows nobody an account number.
//
// The suite plays the provider on a raw TCP socket and counts there what
// arrives: below net/http, which repeats some requests by itself.
package connectortest

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// Script is a provider that is well: its answer to one request, as raw
// HTTP/1.1 ([JSON] makes one). A connector that needs several requests for a
// Send gets an answer to each.
type Script func(r *http.Request, body []byte) string

// Harness tells the suite what it must know of a connector.
type Harness struct {
	// Build makes the connector's builder over a transport. Nil leaves out
	// all that is scripted: only Live and Notice are tested.
	Build func(rt http.RoundTripper) connector.Builder
	// Secrets are the account's credentials. Each value of eight characters or
	// more is looked for in all that the connector says, as are those of the
	// Details of Instruction, but for those that Public names.
	Secrets map[string]string
	// Public names credentials and details that may be shown, e.g. the address
	// of a country's rail.
	Public []string
	// Instruction is one that the connector can send.
	Instruction func(key string, amount money.Amount) connector.Instruction
	// Currency is one that the connector can pay in, with two decimals; empty
	// is EUR.
	Currency string
	// Amounts are to arrive exactly or to be refused before anything is sent;
	// nil is [Amounts].
	Amounts []money.Amount

	// Moves says whether a request can move money.
	Moves func(r *http.Request) bool
	// KeyOf and AmountOf read a request that does.
	KeyOf    func(r *http.Request, body []byte) string
	AmountOf func(r *http.Request, body []byte) (money.Amount, error)
	// Answer is a provider that gives this verdict on the instruction, to Send
	// and to Lookup. For [NoSuchWord] it uses a status word that does not
	// exist. Nil means that the provider has no way to say so.
	Answer func(v connector.Verdict, in connector.Instruction) Script
	// Asked says whether the provider says so of a verdict to a look-up as well;
	// nil is all of those that it says to Send.
	Asked func(v connector.Verdict) bool
	// AcceptsFirst says that the answer to Send is accepted where a look-up
	// would say paid.
	AcceptsFirst bool
	// Ref is the provider's own name of what Answer tells of, for a connector
	// that follows a transfer by it and finds none by key; empty leaves out how
	// it is asked.
	Ref string
	// EchoesKey and EchoesAmount say that answers to Send name what was asked,
	// so that an answer to another question must be seen.
	EchoesKey, EchoesAmount bool
	// Lists says that a look-up goes through a list, in which another's
	// transfer is passed over.
	Lists bool

	// Live starts a provider that truly keeps a ledger, empty and without
	// faults; nil leaves that part out.
	Live func(t testing.TB) Live
	// Notice is a true notification about a key, for a connector that is a
	// Notifier. Build and Secrets, or else Live, make the connector that reads it.
	Notice func(key string) (http.Header, []byte, connector.Notice)
	// Sign is how the provider would sign any body now, for a connector that is
	// a Notifier; nil leaves out what a hostile body does.
	Sign func(body []byte) http.Header
	// OldNotice is Notice as it was signed so long ago; nil leaves that out.
	OldNotice func(key string, ago time.Duration) (http.Header, []byte)
	// Balances is a provider that has these amounts, for a connector that is a
	// Balancer.
	Balances func(have []money.Amount) Script

	patience time.Duration // until a call counts as hanging; zero: patience
}

// Live is a connector and the provider behind it.
type Live struct {
	Connector connector.Connector
	// Movements is how often money has moved for a key.
	Movements func(key string) int
	// Settle lets all that is pending come to its end; nil where nothing is.
	Settle func()
	// Advance moves the time of provider and connector: what the provider
	// forgets, it forgets. Nil leaves out what takes time.
	Advance func(time.Duration)
	// Refuse makes the provider refuse what it is asked from now on, or take
	// it again; nil where it can't be made to.
	Refuse func(bool)
	// Lose makes the provider cut the connection before it has acted, and act
	// as late as it ever does; nil where it can't be made to.
	Lose func(bool)
}

// NoSuchWord is not a verdict: it asks a Harness's Answer for a status word
// that the provider doesn't have.
const NoSuchWord connector.Verdict = "no such word"

// Amounts are whole units, hundredths and thousandths, small and large.
func Amounts() []money.Amount {
	var out []money.Amount
	for _, code := range []string{"JPY", "EUR", "KWD"} {
		for _, minor := range []int64{1, 9, 10, 99, 100, 1005, 123_456, 9_007_199_254_740_993} {
			out = append(out, money.New(minor, money.MustCurrency(code)))
		}
	}
	return out
}

// JSON is a raw answer with a JSON body.
func JSON(status int, body string) string { return raw(status, "application/json", body) }

func raw(status int, contentType, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		status, http.StatusText(status), contentType, len(body), body)
}

// Test holds the connector of h to the contract.
func Test(t *testing.T, h Harness) {
	for _, c := range checks {
		if !c.applies(h) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			for _, problem := range run(t, h, c) {
				t.Error(problem)
			}
		})
	}
}

// Result is one promise of the contract, and how it was broken; without
// Problems it is kept.
type Result struct {
	Name     string
	Problems []string
}

// Check is Test outside of go test. What needs a Live provider is left out.
func Check(h Harness) []Result {
	h.Live = nil
	var out []Result
	for _, c := range checks {
		if c.applies(h) {
			out = append(out, Result{c.name, run(nil, h, c)})
		}
	}
	return out
}

// check is one promise.
type check struct {
	name    string
	applies func(Harness) bool
	run     func(*probe)
}

func scripted(h Harness) bool { return h.Build != nil }
func live(h Harness) bool     { return h.Live != nil }
func notifies(h Harness) bool { return h.Notice != nil }
func signs(h Harness) bool    { return h.Sign != nil }
func ages(h Harness) bool     { return h.OldNotice != nil }
func balances(h Harness) bool { return h.Balances != nil && h.Build != nil }
func either(h Harness) bool   { return h.Build != nil || h.Live != nil }

var checks = []check{
	{"EachVerdictIsRead", scripted, eachVerdictIsRead},
	{"OneSendIsOneArrival", scripted, oneSendIsOneArrival},
	{"KeyIsTheSameOnEachAttempt", scripted, keyIsTheSame},
	{"TransportFailureIsUnknown", scripted, transportFailureIsUnknown},
	{"UnusableAnswerIsUnknown", scripted, unusableAnswerIsUnknown},
	{"WrongTypesAreNeverGuessed", scripted, wrongTypesAreNeverGuessed},
	{"RedirectIsNotFollowed", scripted, redirectIsNotFollowed},
	{"AnotherAnswerIsUnknown", scripted, anotherAnswerIsUnknown},
	{"EndlessAnswerIsLeft", scripted, endlessAnswerIsLeft},
	{"DeadlineIsHonoured", scripted, deadlineIsHonoured},
	{"ExpiredContextSendsNothing", scripted, expiredContextSendsNothing},
	{"AmountsAreExactOrRefused", scripted, amountsAreExact},
	{"NothingIsNotSent", scripted, nothingIsNotSent},
	{"KeysAreExactOrRefused", scripted, keysAreExact},
	{"DetailsCannotChangeTheOrder", scripted, detailsCannotChangeTheOrder},
	{"FirstStepsAreHeldToTheSame", scripted, firstStepsAreHeldToTheSame},
	{"NothingSecretIsSaid", scripted, nothingSecretIsSaid},
	{"NothingHeldIsPrinted", either, nothingHeldIsPrinted},
	{"LookupIsNeverAbsentByMistake", scripted, lookupIsNeverAbsentByMistake},
	{"LookupReadsOnlyItsAnswer", scripted, lookupReadsOnlyItsAnswer},
	{"LookupHonoursItsContext", scripted, lookupHonoursItsContext},
	{"BalancesAreExactOrUnknown", balances, balancesAreExact},
	{"TraitsFitTogether", either, traitsFitTogether},
	{"UnseenKeyIsAbsent", live, unseenKeyIsAbsent},
	{"SentKeyIsFound", live, sentKeyIsFound},
	{"IdempotentKeyMovesMoneyOnce", live, idempotentKeyMovesMoneyOnce},
	{"ManyAtOnce", live, manyAtOnce},
	{"ExpiredContextMovesNothing", live, expiredContextMovesNothing},
	{"SentKeyIsListedOnce", live, sentKeyIsListedOnce},
	{"KeyIsKeptForTheWindow", live, keyIsKeptForTheWindow},
	{"RefusalIsKeptAsDeclared", live, refusalIsKept},
	{"AbsentAfterSettleIsFinal", live, absentAfterSettleIsFinal},
	{"NotificationIsVerifiedFirst", notifies, notificationIsVerifiedFirst},
	{"HostileNotificationIsNoWord", signs, hostileNotificationIsNoWord},
	{"OldNotificationIsHarmless", ages, oldNotificationIsHarmless},
}

// run is a check's list of broken promises.
func run(t testing.TB, h Harness, c check) (problems []string) {
	if h.Amounts == nil {
		h.Amounts = Amounts()
	}
	p := &probe{Harness: h, t: t}
	defer func() {
		problems = p.problems
		switch r := recover().(type) {
		case nil:
		case stop:
			problems = append(problems, string(r))
		default:
			panic(r)
		}
	}()
	c.run(p)
	return nil
}
