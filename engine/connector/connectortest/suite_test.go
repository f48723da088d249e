package connectortest

import "testing"

func TestSoundConnectorPasses(t *testing.T) { Test(t, toyHarness("")) }

// TestBugsAreFound breaks the sound connector in one place at a time. Each bug
// must be found, and by the check that is there for it.
func TestBugsAreFound(t *testing.T) {
	for bug, name := range map[string]string{
		"timeout is failure": "TransportFailureIsUnknown",
		"retries":            "OneSendIsOneArrival",
		"replayable":         "OneSendIsOneArrival",
		"key per attempt":    "KeyIsTheSameOnEachAttempt",
		"follows":            "RedirectIsNotFollowed",
		"any status":         "UnusableAnswerIsUnknown",
		"4xx is refusal":     "UnusableAnswerIsUnknown",
		"first of many":      "UnusableAnswerIsUnknown",
		"lax":                "UnusableAnswerIsUnknown",
		"guesses":            "AnotherAnswerIsUnknown",
		"any key":            "AnotherAnswerIsUnknown",
		"any amount":         "AnotherAnswerIsUnknown",
		"unbounded":          "EndlessAnswerIsLeft",
		"ghost":              "ExpiredContextSendsNothing",
		"cents":              "AmountsAreExactOrRefused",
		"quotes":             "NothingSecretIsSaid",
		"any 404":            "LookupIsNeverAbsentByMistake",
		"no error":           "TransportFailureIsUnknown",
		"unsigned":           "NotificationIsVerifiedFirst",
	} {
		t.Run(bug, func(t *testing.T) {
			for _, c := range checks {
				if c.name != name {
					continue
				}
				if problems := run(t, toyHarness(bug), c); len(problems) == 0 {
					t.Errorf("%s did not find it", name)
				} else {
					t.Log(problems[0])
				}
				return
			}
			t.Fatalf("no check is called %s", name)
		})
	}
}
