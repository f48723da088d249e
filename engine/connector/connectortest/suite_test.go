package connectortest

import (
	"testing"
	"time"
)

func TestSoundConnectorPasses(t *testing.T) { Test(t, toyHarness("")) }

// bugs breaks the sound connector in one place at a time, and names the check
// that is there for it.
func bugs() map[string]string {
	return map[string]string{
		"takes no for yes":     "EachVerdictIsRead",
		"timeout is failure":   "TransportFailureIsUnknown",
		"retries":              "OneSendIsOneArrival",
		"replayable":           "OneSendIsOneArrival",
		"key per attempt":      "KeyIsTheSameOnEachAttempt",
		"follows":              "RedirectIsNotFollowed",
		"any status":           "UnusableAnswerIsUnknown",
		"4xx is refusal":       "UnusableAnswerIsUnknown",
		"first of many":        "UnusableAnswerIsUnknown",
		"lax":                  "UnusableAnswerIsUnknown",
		"guesses":              "AnotherAnswerIsUnknown",
		"any key":              "AnotherAnswerIsUnknown",
		"any amount":           "AnotherAnswerIsUnknown",
		"guesses types":        "WrongTypesAreNeverGuessed",
		"unbounded":            "EndlessAnswerIsLeft",
		"no deadline":          "DeadlineIsHonoured",
		"ghost":                "ExpiredContextSendsNothing",
		"cents":                "AmountsAreExactOrRefused",
		"sends nothing":        "NothingIsNotSent",
		"trims keys":           "KeysAreExactOrRefused",
		"pasted":               "DetailsCannotChangeTheOrder",
		"careless token":       "FirstStepsAreHeldToTheSame",
		"quotes":               "NothingSecretIsSaid",
		"loud":                 "NothingHeldIsPrinted",
		"any 404":              "LookupIsNeverAbsentByMistake",
		"any amount looked up": "LookupReadsOnlyItsAnswer",
		"asks when over":       "LookupHonoursItsContext",
		"float balances":       "BalancesAreExactOrUnknown",
		"window of nothing":    "TraitsFitTogether",
		"moody":                "TraitsFitTogether",
		"no error":             "TransportFailureIsUnknown",
		"knows all":            "UnseenKeyIsAbsent",
		"knows nothing":        "SentKeyIsFound",
		"ignores keys":         "IdempotentKeyMovesMoneyOnce",
		"once ever":            "ManyAtOnce",
		"half a list":          "SentKeyIsListedOnce",
		"long window":          "KeyIsKeptForTheWindow",
		"window for ever":      "KeyIsKeptForTheWindow",
		"keeps refusals":       "RefusalIsKeptAsDeclared",
		"short settle":         "AbsentAfterSettleIsFinal",
		"unsigned":             "NotificationIsVerifiedFirst",
		"notice guesses":       "HostileNotificationIsNoWord",
		"old is void":          "OldNotificationIsHarmless",
	}
}

// TestBugsAreFound: each bug must be found, and by the check that is there for
// it.
func TestBugsAreFound(t *testing.T) {
	shown := map[string]bool{}
	for bug, name := range bugs() {
		t.Run(bug, func(t *testing.T) {
			for _, c := range checks {
				if c.name != name {
					continue
				}
				h := toyHarness(bug)
				h.patience = time.Second // a call that hangs, hangs until the provider is gone
				if problems := run(t, h, c); len(problems) == 0 {
					t.Errorf("%s did not find it", name)
				} else {
					t.Log(problems[0])
				}
				return
			}
			t.Fatalf("no check is called %s", name)
		})
		shown[name] = true
	}
	// The same promise over a live provider, with the bug that breaks the scripted one.
	for _, c := range checks {
		if c.name == "ExpiredContextMovesNothing" && len(run(t, toyHarness("ghost"), c)) > 0 {
			shown[c.name] = true
		}
	}
	for _, c := range checks {
		if !shown[c.name] {
			t.Errorf("%s was never shown to find anything", c.name)
		}
	}
}

// TestCheckRunsWithoutATest: the command line holds a connector to the same.
func TestCheckRunsWithoutATest(t *testing.T) {
	broken := map[string]bool{}
	for _, r := range Check(toyHarness("cents")) {
		broken[r.Name] = len(r.Problems) > 0
	}
	if !broken["AmountsAreExactOrRefused"] || broken["RedirectIsNotFollowed"] {
		t.Errorf("got %v", broken)
	}
	if _, asked := broken["ManyAtOnce"]; asked {
		t.Error("a check that needs a live provider was run")
	}
}
