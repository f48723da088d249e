package declarative

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/pelletier/go-toml/v2"
)

// file is the form as it is written. What each key means stands in DESIGN.md
// and, by example, in forms/*.toml. Keys that it doesn't have are refused.
type file struct {
	Format  int    `json:"format"`  // 1
	Name    string `json:"name"`    // the provider's name in the catalogue
	Label   string `json:"label"`   // for a person
	About   string `json:"about"`   // what it pays, and what it can't do
	Preview bool   `json:"preview"` // not proven against the provider's own description

	Provider   provider     `json:"provider"`
	Credential []credential `json:"credential"`
	Traits     traits       `json:"traits"`
	Auth       auth         `json:"auth"`
	Key        keyForm      `json:"key"`
	Amount     amountForm   `json:"amount"`
	Service    []service    `json:"service"`
	Order      order        `json:"order"`
	Step       []step       `json:"step"`
	Answer     answer       `json:"answer"`
	Error      []errorRule  `json:"error"`
	Lookup     *look        `json:"lookup"`
	Poll       *look        `json:"poll"`
	Balances   *balances    `json:"balances"`
	Notify     *notify      `json:"notify"`
	Sample     []Sample     `json:"sample"`
}

// provider is where the requests go. Nothing else is ever spoken to.
type provider struct {
	BaseURL string   `json:"base_url"` // https, without a trailing slash
	TestURL string   `json:"test_url"` // of the provider's own test environment; empty: the same
	Hosts   []string `json:"hosts"`    // further hosts, for tokens and accounts elsewhere
	Docs    string   `json:"docs"`     // where the provider describes all this
}

// credential is one text that the account is connected with.
type credential struct {
	Name     string `json:"name"`
	Label    string `json:"label"`
	Public   bool   `json:"public"` // may stand in bodies and paths, e.g. a profile's number
	Optional bool   `json:"optional"`
	Pattern  string `json:"pattern"` // regular expression for the whole text
	Live     string `json:"live"`    // what it begins with in live mode; refused in test mode
	Test     string `json:"test"`    // the same the other way round
}

// traits are the provider's; Lookup and Follow follow from the tables there are.
type traits struct {
	Idempotent   bool      `json:"idempotent"`
	Window       duration  `json:"window"`
	KeepsRefusal bool      `json:"keeps_refusal"`
	Settle       *duration `json:"settle"` // left out: unsaidSettle
}

// unsaidSettle is how late an order that timed out may take effect where a form
// doesn't say. A network, a proxy or a queue can always keep one for a while, so
// no form may say that none is.
const unsaidSettle, leastSettle = 10 * time.Minute, time.Second

func (t traits) settle() time.Duration {
	if t.Settle == nil {
		return unsaidSettle
	}
	return time.Duration(*t.Settle)
}

// auth is how requests say whose they are.
type auth struct {
	Kind      string            `json:"kind"`   // none, bearer, basic, header, oauth2, hmac
	Secret    string            `json:"secret"` // the credential: token, password, client secret, HMAC key
	User      string            `json:"user"`   // basic, oauth2: the credential with the name
	Header    string            `json:"header"` // header: its name
	TokenPath string            `json:"token_path"`
	TokenURL  string            `json:"token_url"` // in place of token_path, at one of provider.hosts
	TokenIn   string            `json:"token_in"`  // oauth2: where user and secret go: basic (default) or body
	Scope     string            `json:"scope"`
	Algorithm string            `json:"algorithm"` // hmac: hmac-sha256, hmac-sha512
	Encoding  string            `json:"encoding"`  // hmac: hex, base64
	Signed    string            `json:"signed"`    // hmac: template of {method} {path} {timestamp} {body} {key}
	Headers   map[string]string `json:"headers"`   // hmac: templates, also of {signature} {timestamp}
}

// keyForm is how Instruction.Key stands on the wire.
type keyForm struct {
	Form    string `json:"form"`    // plain, uuid (version 5, of the key)
	Pattern string `json:"pattern"` // of a plain key; another is refused before it is sent
}

// amountForm is how an amount stands on the wire.
type amountForm struct {
	Form       string         `json:"form"`       // minor (whole number), decimal (text), number (JSON number)
	Currencies map[string]int `json:"currencies"` // by code: the provider's decimals; others are refused
}

// service chooses values by the payout service.
type service struct {
	Match  []string `json:"match"` // "sepa_eur", "*_ngn", "bank_*"
	Values tree     `json:"values"`
}

// order says which step carries what; penstock writes it there itself.
type order struct {
	Moves    string `json:"moves"` // the step that moves money
	Key      place  `json:"key"`
	Amount   place  `json:"amount"`
	Currency place  `json:"currency"`
}

// place is a place in a step's request.
type place struct {
	Step   string `json:"step"`
	At     string `json:"at"`     // in the body, "/data/reference"
	Header string `json:"header"` // or a header
	Lower  bool   `json:"lower"`  // a currency in small letters
}

// step is one request of a Send.
type step struct {
	Name    string            `json:"name"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   map[string]string `json:"query"`
	Headers map[string]string `json:"headers"`
	Encode  string            `json:"encode"` // json (default), form
	Body    tree              `json:"body"`
	OK      []int             `json:"ok"`
	Take    map[string]string `json:"take"` // name to place in the answer, for later steps
	Echo    echo              `json:"echo"` // of a step that doesn't move money
	Reject  []reject          `json:"reject"`
}

// reject is a word in a well answer that ends the order before money moves.
type reject struct {
	Match      match  `json:"match"`
	Resolution string `json:"resolution"`
}

// echo is where an answer repeats what was asked; another answer is Unknown.
type echo struct {
	Key      string `json:"key"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// answer is how an answer about a transfer is read. Places are within the
// transfer, where that is an item of a list.
type answer struct {
	OK       []int             `json:"ok"`
	Ref      string            `json:"ref"`
	RefStep  string            `json:"ref_step"` // a value taken in an earlier step, "transfer.id"
	Key      string            `json:"key"`
	Amount   string            `json:"amount"`
	Currency string            `json:"currency"`
	Status   string            `json:"status"`
	Words    map[string]string `json:"words"` // status word to "paid", "accepted", "rejected declined", ...
	Paid     string            `json:"paid"`  // where the amount that moved stands, for partly_paid
	Code     string            `json:"code"`
	Message  string            `json:"message"`
	Reasons  map[string]string `json:"reasons"` // the word at code to a resolution
}

// match is what must stand in an answer, by place: a text, a number, true or
// false; "~text" is a text that holds it in any case, "text*" one that begins
// with it, "*" one that is there at all.
type match map[string]tree

// errorRule is an answer that is no transfer and still says something clear.
type errorRule struct {
	Status     []int             `json:"status"`
	Steps      []string          `json:"steps"` // empty: all
	Match      match             `json:"match"`
	Verdict    string            `json:"verdict"` // rejected
	Code       string            `json:"code"`
	Message    string            `json:"message"`
	Resolution string            `json:"resolution"` // where reasons has nothing
	Reasons    map[string]string `json:"reasons"`
}

// look is a question about a transfer.
type look struct {
	Path    string            `json:"path"`
	Query   map[string]string `json:"query"`
	Headers map[string]string `json:"headers"`
	Answer  *answer           `json:"answer"` // nil: as that of the order
	Absent  []absent          `json:"absent"`
	List    *list             `json:"list"`
}

// absent is the provider's own word that it knows no such key.
type absent struct {
	Status []int `json:"status"`
	Match  match `json:"match"`
}

// list is a look-up that goes through pages, newest or oldest first.
type list struct {
	Items     string `json:"items"`      // place of the list
	Size      int    `json:"size"`       // items of a full page
	SizeParam string `json:"size_param"` // query parameters
	SkipParam string `json:"skip_param"` // how many items to skip
	PageParam string `json:"page_param"` // or which page, from 1
	Most      int    `json:"most"`       // pages; more is Unknown
}

// balances reads what can be paid out.
type balances struct {
	Path     string            `json:"path"`
	Query    map[string]string `json:"query"`
	Items    string            `json:"items"`
	Currency string            `json:"currency"`
	Amount   string            `json:"amount"`
	Form     string            `json:"form"` // as amount.form; empty: the same
	Match    match             `json:"match"`
}

// notify is the provider's own notification.
type notify struct {
	Header    string            `json:"header"`
	Algorithm string            `json:"algorithm"` // hmac-sha256, hmac-sha512, rsa-sha256
	Encoding  string            `json:"encoding"`  // hex, base64
	Secret    string            `json:"secret"`    // credential: the HMAC key, or the public key in PEM
	Signed    string            `json:"signed"`    // template of {body} and {timestamp}; default {body}
	Scheme    string            `json:"scheme"`    // plain (default); or "t,v1": "t=1700000000,v1=hex"
	Ours      match             `json:"ours"`      // of a notification about a transfer; others are passed over
	Key       string            `json:"key"`
	Ref       string            `json:"ref"`
	Status    string            `json:"status"`
	Words     map[string]string `json:"words"`
	Code      string            `json:"code"`
}

// Sample is an exchange that the form must translate as it says: a test that
// travels with the form.
type Sample struct {
	Name       string            `json:"name"`
	Op         string            `json:"op"` // send (default), lookup, poll, balances, notification
	Order      SampleOrder       `json:"order"`
	Ref        string            `json:"ref"`     // of the question, for poll
	Secrets    map[string]string `json:"secrets"` // made-up credentials; empty: those of the first sample
	Exchange   []Exchange        `json:"exchange"`
	Header     map[string]string `json:"header"` // of a notification
	Body       string            `json:"body"`   // of a notification, byte by byte
	Verdict    string            `json:"verdict"`
	WantRef    string            `json:"want_ref"`
	WantKey    string            `json:"want_key"` // of a notification
	Resolution string            `json:"resolution"`
	Funds      []string          `json:"funds"` // of balances: "EUR 12.50"
}

// SampleOrder is what is paid.
type SampleOrder struct {
	Key      string            `json:"key"`
	Amount   string            `json:"amount"`
	Currency string            `json:"currency"`
	Service  string            `json:"service"`
	Memo     string            `json:"memo"`
	Details  map[string]string `json:"details"`
}

// Exchange is one request that is expected, and its answer.
type Exchange struct {
	Request string            `json:"request"` // "POST /transfer?a=b"
	Header  map[string]string `json:"header"`  // those that must be there
	Body    string            `json:"body"`    // expected; empty: none
	Status  int               `json:"status"`
	Answer  string            `json:"answer"`
}

// tree is any value of the form, with numbers as they were written.
type tree struct{ v any }

// UnmarshalJSON takes any JSON.
func (t *tree) UnmarshalJSON(b []byte) (err error) {
	t.v, err = readTree(b)
	return err
}

// duration is a span as Go writes it: "24h", "90s".
type duration time.Duration

// UnmarshalJSON takes a text.
func (d *duration) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return errors.New("must be a span such as \"90s\" or \"24h\"")
	}
	span, err := time.ParseDuration(text)
	*d = duration(span)
	return err
}

// maxForm bounds a form; the longest that ships has a tenth of it.
const maxForm = 256 << 10

// decode reads the file of a form; syntax alone is judged.
func decode(doc []byte) (*file, error) {
	if len(doc) > maxForm {
		return nil, fmt.Errorf("a form has at most %d KiB", maxForm>>10)
	}
	var m map[string]any
	if err := toml.Unmarshal(doc, &m); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, column := at.Position()
			return nil, fmt.Errorf("line %d, column %d: %s", line, column, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return nil, err
	}
	text, err := json.Marshal(m, json.Deterministic(true))
	if err != nil {
		return nil, errors.New("holds a value that a form has no use for")
	}
	var f file
	if err := json.UnmarshalRead(bytes.NewReader(text), &f, json.RejectUnknownMembers(true)); err != nil {
		var at *json.SemanticError
		if errors.As(err, &at) {
			why := "has the wrong kind of value"
			if at.Err != nil {
				why = at.Err.Error()
			}
			return nil, fmt.Errorf("%s: %s", dotted(string(at.JSONPointer)), why)
		}
		return nil, err
	}
	return &f, nil
}

func dotted(p string) string {
	return strings.ReplaceAll(strings.TrimPrefix(p, "/"), "/", ".")
}
