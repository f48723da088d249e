package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"penstock/httpd/docs"
	"penstock/httpd/docs/docstest"
)

func TestTheDescriptionIsValid(t *testing.T) {
	if err := docstest.New(t).Valid(t); err != nil {
		t.Error(err)
	}
}

// TestThePageHasEveryCallAndAsksForNothingElse: it must be readable without a
// network.
func TestThePageHasEveryCallAndAsksForNothingElse(t *testing.T) {
	raw, err := docs.Page("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	for _, call := range docstest.New(t).Calls() {
		method, path, _ := strings.Cut(call, " ")
		if !strings.Contains(page, method+`</span> <code>`+path+`</code>`) {
			t.Errorf("%s is not on the page", call)
		}
	}
	for _, m := range regexp.MustCompile(`(?:src|href|action)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "#") && !slices.Contains([]string{"/docs/style.css", "/openapi.json", "/docs/saved-methods", "/docs/speed"}, m[1]) {
			t.Errorf("the page leads to %q", m[1])
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "style=") || strings.Contains(string(docs.Style()), "url(") {
		t.Error("the page has a script, a style of its own, or loads something")
	}
	if !strings.Contains(page, "1.2.3") {
		t.Error("the page does not say its version")
	}
}

// TestTheJudgeRefusesWhatIsNotDescribed: a judge that takes everything proves
// nothing.
func TestTheJudgeRefusesWhatIsNotDescribed(t *testing.T) {
	j := docstest.New(t)
	const media, path = "application/vnd.api+json", "/v1/organization/api-keys/apik_1"
	good := `{"data":{"type":"api-keys","id":"apik_1","attributes":{"description":null,"key":"snd_abc...","publishable_key":null,"scopes":["payouts"],"test_mode":true,"whitelisted_ips":[],"revoked":null,"expires":null,"created":1,"updated":1}}}`
	if err := j.Reply("GET", path, 200, media, []byte(good)); err != nil {
		t.Errorf("a good answer: %v", err)
	}
	for name, bad := range map[string]string{
		"a member too many": strings.Replace(good, `"key":`, `"secret":"x","key":`, 1),
		"one too few":       strings.Replace(good, `"created":1,`, ``, 1),
		"a wrong type":      strings.Replace(good, `"created":1`, `"created":"1"`, 1),
		"a fraction":        strings.Replace(good, `"created":1`, `"created":1.5`, 1),
		"a wrong null":      strings.Replace(good, `"key":"snd_abc..."`, `"key":null`, 1),
		"a wrong word":      strings.Replace(good, `"payouts"`, `"everything"`, 1),
		"another type":      strings.Replace(good, `"api-keys"`, `"api-key"`, 1),
	} {
		if j.Reply("GET", path, 200, media, []byte(bad)) == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for _, row := range []struct {
		method, path string
		status       int
		media        string
	}{{"GET", path, 201, media}, {"PUT", path, 200, media}, {"GET", path + "/x", 200, media}, {"GET", path, 200, "text/html"}} {
		if j.Reply(row.method, row.path, row.status, row.media, []byte(good)) == nil {
			t.Errorf("%+v was taken", row)
		}
	}
}
