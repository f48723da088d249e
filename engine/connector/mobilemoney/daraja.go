package mobilemoney

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
)

// Daraja is Safaricom's API of M-Pesa, whose B2C payments are another profile
// than the GSMA's. It is a preview: it was built by what is documented and shown
// against a fake of ours alone.
//
// Daraja promises nothing about a repeat and finds nothing by our name; it says
// what became of an order by one call to us. That call is unsigned, so an order
// bears a name that nobody but Daraja hears of, and the call must bear it too.

// Profile is the credential that chooses between the profiles.
const (
	Profile = "profile"
	gsma    = "gsma" // the default
	daraja  = "daraja"
)

// Credentials of an account of the profile daraja, beside APIKey (the
// consumer's secret) and ClientID (its key).
const (
	Shortcode  = "shortcode"           // that money leaves from
	Initiator  = "initiator"           // name of the API operator
	Credential = "security_credential" // the operator's password as Safaricom's portal encrypts it
	Command    = "command"             // BusinessPayment (default), SalaryPayment or PromotionPayment
)

const (
	darajaURL  = "https://api.safaricom.co.ke"
	darajaTest = "https://sandbox.safaricom.co.ke"
	darajaPath = "/mpesa/b2c/v3/paymentrequest"
	tagDigits  = 20
	maxNotice  = 64 << 10
)

// mpesa is one account at Safaricom.
type mpesa struct {
	connector.Mute
	host        connector.Host
	base        string
	key, secret string
	token       *connector.Token
	from        string
	initiator   string
	credential  string
	command     string
}

var (
	_ connector.Connector = (*mpesa)(nil)
	_ connector.Notifier  = (*mpesa)(nil)
)

func buildDaraja(host connector.Host, acc connector.Account) (*mpesa, error) {
	base, err := host.Home(acc, darajaURL, darajaTest)
	if err != nil {
		return nil, err
	}
	c := &mpesa{host: host, base: base, token: connector.NewToken(), command: acc.Secrets[Command]}
	for _, s := range []struct {
		name string
		into *string
	}{{ClientID, &c.key}, {APIKey, &c.secret}, {Shortcode, &c.from}, {Initiator, &c.initiator}, {Credential, &c.credential}} {
		if *s.into, err = acc.Line(s.name); err != nil {
			return nil, err
		}
	}
	switch c.command {
	case "":
		c.command = "BusinessPayment"
	case "BusinessPayment", "SalaryPayment", "PromotionPayment":
	default:
		return nil, fmt.Errorf("credential %q must be BusinessPayment, SalaryPayment or PromotionPayment", Command)
	}
	if len(c.from) < 5 || len(c.from) > 7 || strings.Trim(c.from, "0123456789") != "" {
		return nil, fmt.Errorf("credential %q must be a business number of 5 to 7 digits", Shortcode)
	}
	if raw, err := base64.StdEncoding.DecodeString(c.credential); err != nil || len(raw) < 128 {
		return nil, fmt.Errorf("credential %q must be the encrypted password, in base64, as Safaricom's portal shows it", Credential)
	}
	return c, nil
}

// Traits: nothing is promised about a repeat, and nothing can be asked for.
func (*mpesa) Traits() connector.Traits { return connector.Traits{Settle: 10 * time.Minute} }

// Send makes one payment.
func (c *mpesa) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return c.doubt(err)
	}
	text, refused := c.body(in)
	if refused != nil {
		return *refused, nil
	}
	got, err := c.call(ctx, text)
	if errors.Is(err, connector.ErrClient) {
		return connector.Refuse(connector.InvalidCredentials, "Safaricom doesn't know this consumer and its secret"), nil
	}
	if err != nil {
		return c.doubt(err)
	}
	out, err := c.means(in.Key, got)
	if err != nil {
		return c.doubt(err)
	}
	return out.Scrub(in.Details, c.secrets()), nil
}

// Lookup finds nobody: Daraja answers such a question by a call to us, too.
func (c *mpesa) Lookup(context.Context, string) (connector.Outcome, error) {
	return c.doubt(connector.ErrNoLookup)
}

func (*mpesa) doubt(err error) (connector.Outcome, error) {
	return connector.Doubt(fmt.Errorf("mobilemoney: daraja: %w", err))
}

func (c *mpesa) secrets() map[string]string {
	return map[string]string{ClientID: c.key, APIKey: c.secret, Credential: c.credential, Initiator: c.initiator}
}

// conversation is the name of an order: its key, and a tag that only who knows
// the account's secret can make.
func (c *mpesa) conversation(key string) string {
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte("penstock daraja result\x00" + c.from + "\x00" + key))
	return key + "-" + hex.EncodeToString(mac.Sum(nil))[:tagDigits]
}

// keyOf is conversation backwards; false where the tag isn't ours.
func (c *mpesa) keyOf(conversation string) (string, bool) {
	i := strings.LastIndexByte(conversation, '-')
	if i <= 0 || len(conversation) > 256 {
		return "", false
	}
	key := conversation[:i]
	return key, hmac.Equal([]byte(c.conversation(key)), []byte(conversation))
}

// payment is an order as Daraja has it, its own way of writing included.
type payment struct {
	Conversation string `json:"OriginatorConversationID"`
	Initiator    string `json:"InitiatorName"`
	Credential   string `json:"SecurityCredential"`
	Command      string `json:"CommandID"`
	Amount       int64  `json:"Amount"`
	From         string `json:"PartyA"`
	To           string `json:"PartyB"`
	Remarks      string `json:"Remarks"`
	Timeout      string `json:"QueueTimeOutURL"`
	Result       string `json:"ResultURL"`
	Occasion     string `json:"Occassion"`
}

// body makes an instruction ready, or refuses it before anything is sent.
func (c *mpesa) body(in connector.Instruction) ([]byte, *connector.Outcome) {
	refuse := func(resolution, text string) ([]byte, *connector.Outcome) {
		out := connector.Refuse(resolution, "%s", text)
		return nil, &out
	}
	to := strings.TrimPrefix(in.Details[phone], "+")
	remarks := []rune(in.Memo)
	switch {
	case !wellKey(in.Key) || len(in.Key) > 64:
		return refuse(connector.InvalidRequest, "key is not printable ASCII of 1 to 64 characters")
	case in.Amount.Currency().Code() != "KES" || !in.Amount.IsPositive() || in.Amount.Minor()%100 != 0:
		return refuse(connector.InvalidAmount, "M-Pesa pays whole Kenyan shillings")
	case len(to) != 12 || !strings.HasPrefix(to, "254") || strings.Trim(to, "0123456789") != "":
		return refuse(connector.InvalidDetails, "telephone_number must be a Kenyan one, 254 and nine digits")
	case !utf8.ValidString(in.Memo) || strings.ContainsFunc(in.Memo, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return refuse(connector.InvalidDetails, "memo must be text without control characters")
	case !strings.HasPrefix(in.NotifyURL, "https://"):
		return refuse(connector.InvalidRequest, "M-Pesa says what became of a payment by a call to server.public_url, which must be https")
	}
	if len(remarks) == 0 {
		remarks = []rune("Payout")
	}
	text, err := json.Marshal(payment{Conversation: c.conversation(in.Key), Initiator: c.initiator, Credential: c.credential, Command: c.command, Amount: in.Amount.Minor() / 100, From: c.from, To: to,
		Remarks: string(remarks[:min(len(remarks), 100)]), Timeout: in.NotifyURL, Result: in.NotifyURL})
	if err != nil {
		return refuse(connector.InvalidDetails, "details can't be written")
	}
	return text, nil
}

// call makes the one request that moves money.
func (c *mpesa) call(ctx context.Context, text []byte) (connector.Answer, error) {
	basic := base64.StdEncoding.EncodeToString([]byte(c.key + ":" + c.secret))
	token, err := c.token.Get(ctx, c.host, connector.Request{Method: http.MethodGet, URL: c.base + "/oauth/v1/generate?grant_type=client_credentials", Header: http.Header{"Authorization": {"Basic " + basic}, "Accept": {"application/json"}}})
	if err != nil {
		return connector.Answer{}, err
	}
	got, err := c.host.Do(ctx, connector.Request{Method: http.MethodPost, URL: c.base + darajaPath, Body: text,
		Header: http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/json"}, "Content-Type": {"application/json"}}})
	if err == nil && got.Status == http.StatusUnauthorized {
		c.token.Forget(ctx)
	}
	return got, err
}
