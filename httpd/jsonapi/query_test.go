package jsonapi

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine/money"
)

// thing is what the tests list.
type thing struct {
	id, status string
	names      []string
	on         bool
	at         time.Time
	amount     money.Amount
	count      int
}

func thingFields() []filterField[thing] {
	return []filterField[thing]{
		{"status", asWord, func(v *thing) any { return v.status }},
		{"name", asText, func(v *thing) any { return v.names }},
		{"on", asFlag, func(v *thing) any { return v.on }},
		{"created", asTime, func(v *thing) any { return v.at }},
		{"amount", asDecimal, func(v *thing) any { return decimal(v.amount) }},
		{"count", asWhole, func(v *thing) any { return v.count }},
	}
}

func things() []thing {
	usd, jpy := money.MustCurrency("USD"), money.MustCurrency("JPY")
	return []thing{
		{id: "a", status: "READY", names: []string{"Ann", "Bo"}, on: true, at: time.Unix(100, 999), amount: money.New(1250, usd), count: 1},
		{id: "b", status: "FAILED", names: []string{"Bo"}, at: time.Unix(200, 0), amount: money.New(12, jpy), count: 2},
		{id: "c", status: "PROCESSED", at: time.Unix(300, 0), count: 3},
	}
}

func parsed(t *testing.T, raw string) (query, error) {
	t.Helper()
	v, err := url.ParseQuery(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parseQuery("/v1/things", v, allowed{sorts: []string{"created", "amount"}, includes: []string{"parts", "owner"}})
}

func TestFiltersNarrow(t *testing.T) {
	for raw, want := range map[string]string{
		"":                            "abc",
		"filter[status]=READY":        "a",
		"filter[status]=ready,failed": "ab",
		"filter[status][]=ready&filter[status][]=FAILED":     "ab",
		"filter[status][0]=ready&filter[status][7]=FAILED":   "ab",
		"filter[status][in]=ready,failed":                    "ab",
		"filter[status][in][]=ready&filter[status][in][]=no": "a",
		"filter[status][neq]=ready":                          "bc",
		"filter[status][not_in]=ready,failed":                "c",
		"filter[status][contains]=ed":                        "bc",
		"filter[name]=Bo":                                    "ab",
		"filter[name]=bo":                                    "",
		"filter[on]=1":                                       "a",
		"filter[on]=TRUE":                                    "a",
		"filter[on]=no":                                      "bc",
		"filter[created][from]=100&filter[created][to]=200":  "ab",
		"filter[created][from]=101":                          "bc",
		"filter[created][to]=100":                            "a",
		"filter[created][gt]=100":                            "bc",
		"filter[created][lt]=300":                            "ab",
		"filter[created]=200":                                "b",
		"filter[amount]=12.5":                                "a",
		"filter[amount]=12.50,12":                            "ab",
		"filter[amount][lt]=12.5":                            "b",
		"filter[amount][from]=12.01&filter[amount][to]=13":   "a",
		"filter[count][gte]=2":                               "bc",
		"filter[nobody_knows]=x":                             "abc",
		"filter[status]=ready&filter[on]=0":                  "",
		"other[thing]=1&x=2":                                 "abc",
	} {
		q, err := parsed(t, raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		tests, err := prepare(q.conditions, thingFields())
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		got := ""
		for _, v := range things() {
			if passes(&v, tests) {
				got += v.id
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

func TestBadQueriesAreRefusedByName(t *testing.T) {
	for raw, want := range map[string]string{
		"filter[status][near]=x":                          "Operator `near` does not defined.",
		"filter[unknown][near]=x":                         "Operator `near` does not defined.",
		"filter[status][from]=1":                          "Invalid value provided for operator `from`.",
		"filter[created][from]=1,2":                       "Invalid value provided for operator `from`.",
		"filter[created][contains]=1":                     "Invalid value provided for operator `contains`.",
		"filter[on]=maybe":                                "Invalid value provided for field `on`. Expected boolean type.",
		"filter[created][from]=yesterday":                 "Invalid value provided for field `created`. Expected timestamp type.",
		"filter[created][from]=-1":                        "Invalid value provided for field `created`. Expected timestamp type.",
		"filter[created][from]=99999999999999999999":      "Invalid value provided for field `created`. Expected timestamp type.",
		"filter[amount]=1e5":                              "Invalid value provided for field `amount`. Expected decimal type.",
		"filter[amount]=1/2":                              "Invalid value provided for field `amount`. Expected decimal type.",
		"filter[count]=1.5":                               "Invalid value provided for field `count`. Expected integer type.",
		"filter=x":                                        "Invalid value provided for key `filter`.",
		"filter[]=x":                                      "Invalid value provided for key `filter[]`.",
		"filter[a][b][c]=x":                               "Invalid value provided for key `filter[a][b][c]`.",
		"filter[status=x":                                 "Invalid value provided for key `filter[status`.",
		"filter[status]=":                                 "Invalid value provided for key `filter[status]`.",
		"filter[status]=a,,b":                             "Invalid value provided for key `filter[status]`.",
		"filter[name]=" + strings.Repeat("x", 256):        "Invalid value provided for key `filter[name]`.",
		"filter[name]=" + strings.Repeat("x,", 100) + "x": "Invalid value provided for key `filter[name]`.",
		"sort=status":                                     "Invalid value provided for key `sort`.",
		"sort=":                                           "Invalid value provided for key `sort`.",
		"sort[]=created":                                  "Invalid value provided for key `sort`.",
		"sort=created,amount":                             "Invalid value provided for key `sort`.",
		"page[size]=0":                                    "Invalid value provided for key `page[size]`. Expected 1 to 100.",
		"page[size]=101":                                  "Invalid value provided for key `page[size]`. Expected 1 to 100.",
		"page[size]=x":                                    "Invalid value provided for key `page[size]`.",
		"page[number]=2":                                  "Invalid value provided for key `page[number]`.",
		"page=2":                                          "Invalid value provided for key `page`.",
		"page[after]=":                                    "Invalid value provided for key `page[after]`.",
		"include=nobody":                                  "Invalid value provided for key `include`.",
		"page[after]=a&page[before]=b":                    "Only one of page[after] and page[before] may be given.",
	} {
		q, err := parsed(t, raw)
		if err == nil {
			_, err = prepare(q.conditions, thingFields())
		}
		var f *fault
		if !errors.As(err, &f) || f.status != 400 || f.code != "query_invalid" || f.parameter == "" || !strings.HasPrefix(f.detail, want) {
			t.Errorf("%s: %v, want %q", raw, err, want)
		}
	}
	var many []string
	for i := range maxFilters + 1 {
		many = append(many, fmt.Sprintf("filter[f%d]=1", i))
	}
	if _, err := parsed(t, strings.Join(many, "&")); err == nil {
		t.Errorf("%d filters were taken", len(many))
	}
}

func TestSortAndIncludeAreRead(t *testing.T) {
	q, err := parsed(t, "sort=amount&include=parts,owner&include[]=parts&page[size]=100")
	if err != nil || q.sort != "amount" || !q.up || q.size != 100 || !slices.Equal(q.include, []string{"parts", "owner"}) {
		t.Errorf("%+v, %v", q, err)
	}
	q, err = parsed(t, "include[0]=owner&sort=-created")
	if err != nil || q.sort != "created" || q.up || q.size != defaultPage || !slices.Equal(q.include, []string{"owner"}) {
		t.Errorf("%+v, %v", q, err)
	}
	if q, err = parsed(t, ""); err != nil || q.sort != "created" || q.up {
		t.Errorf("by default %+v, %v", q, err)
	}
}

// TestPagesGiveEverythingOnce walks a list by its own links, both ways.
func TestPagesGiveEverythingOnce(t *testing.T) {
	var all []thing
	for i := range 11 {
		all = append(all, thing{id: fmt.Sprintf("t%02d", i), count: i / 3})
	}
	walk := func(raw string, next func(pageLinks) *string) (out []string) {
		for range 10 {
			_, query, _ := strings.Cut(raw, "?")
			q, err := parsed(t, query)
			if err != nil {
				t.Fatal(err)
			}
			items, earlier, later := pick(&q.paging, slices.Clone(all), func(v *thing) string { return v.id }, sorter[thing]{"amount": compareBy(func(v *thing) int { return v.count })})
			var ids []string
			for _, v := range items {
				ids = append(ids, v.id)
			}
			out = append(out, strings.Join(ids, " "))
			to := next(q.links(ids[0], ids[len(ids)-1], earlier, later))
			if to == nil {
				return out
			}
			raw = *to
		}
		t.Fatal("the links lead nowhere")
		return nil
	}
	forth := func(l pageLinks) *string { return l.Next }
	back := func(l pageLinks) *string { return l.Prev }
	want := []string{"t10 t09 t08 t07", "t06 t05 t04 t03", "t02 t01 t00"}
	if got := walk("?page[size]=4&filter[status]=x", forth); !slices.Equal(got, want) {
		t.Errorf("forth %q, want %q", got, want)
	}
	want = []string{"t03 t02 t01 t00", "t07 t06 t05 t04", "t10 t09 t08"}
	if got := walk("?page[size]=4&page[before]=last", back); !slices.Equal(got, want) {
		t.Errorf("back %q, want %q", got, want)
	}
	want = []string{"t00 t01 t02 t03 t04", "t05 t06 t07 t08 t09", "t10"}
	if got := walk("?page[size]=5&sort=amount", forth); !slices.Equal(got, want) {
		t.Errorf("sorted %q, want %q", got, want)
	}
	q, _ := parsed(t, "page[size]=3&filter[status]=ready,failed&sort=amount&page[after]=t05")
	l := q.links("t06", "t08", true, false)
	for name, link := range map[string]string{"self": l.Self, "first": l.First, "prev": *l.Prev, "last": l.Last} {
		u, err := url.Parse(link)
		if err != nil || u.Path != "/v1/things" || u.Query().Get("filter[status]") != "ready,failed" || u.Query().Get("page[size]") != "3" || u.Query().Get("sort") != "amount" {
			t.Errorf("link %s is %s", name, link)
		}
	}
	if l.Next != nil {
		t.Errorf("next of the last page is %s", *l.Next)
	}
}

// TestFetchedPagesAreCut is for lists that are read from the store in the
// direction of the page.
func TestFetchedPagesAreCut(t *testing.T) {
	for _, row := range []struct {
		query          string
		fetched        string
		want           string
		earlier, later bool
	}{
		{"page[size]=2", "cba", "cb", false, true},
		{"page[size]=2", "cb", "cb", false, false},
		{"page[size]=2&page[after]=c", "ba", "ba", true, false},
		{"page[size]=2&page[before]=a", "bcd", "cb", true, true},
		{"page[size]=2&page[before]=a", "bc", "cb", false, true},
		{"page[size]=2&page[before]=last", "abc", "ba", true, false},
	} {
		q, err := parsed(t, row.query)
		if err != nil {
			t.Fatal(err)
		}
		got, earlier, later := cut(&q.paging, strings.Split(row.fetched, ""))
		if strings.Join(got, "") != row.want || earlier != row.earlier || later != row.later {
			t.Errorf("%s of %s: %v, %v, %v", row.query, row.fetched, got, earlier, later)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"filter[a]=1", "filter[created][from]=1&page[size]=3", "include[0]=parts", "sort=-created", "filter[[]]=x", "page[after]=x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		q, err := parseQuery("/x", v, allowed{sorts: []string{"created"}, includes: []string{"parts"}})
		if err != nil {
			return
		}
		if q.size < 1 || q.size > maxPage || len(q.conditions) > maxFilters {
			t.Errorf("%q: %+v", raw, q)
		}
		tests, err := prepare(q.conditions, thingFields())
		for i := range things() {
			if err == nil {
				passes(&things()[i], tests)
			}
		}
	})
}
