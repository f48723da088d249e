package engine

import "time"

//go:generate go tool msgp -io=false -tests=false -file delivery.go
//msgp:tag json
//msgp:timezone utc
//msgp:newtime
//msgp:limit arrays:1048576 maps:1048576

// Delivery is one message to one endpoint, and its own work item. It is
// written in the transaction of what it tells.
type Delivery struct {
	ID       string    `json:"id"`      // dlv_...
	Message  string    `json:"message"` // msg_..., the receiver's key against doubles, the same on every attempt
	Event    string    `json:"event"`
	Type     string    `json:"type"`
	Request  string    `json:"request,omitempty"`
	Payment  string    `json:"payment,omitempty"` // instead of a request
	Refund   string    `json:"refund,omitempty"`  // id of the refund that it tells of, of that payment
	Endpoint string    `json:"endpoint"`
	Profile  string    `json:"profile"`
	URL      string    `json:"url,omitempty"`    // where it goes; empty: to the endpoint's own address
	Token    string    `json:"token,omitempty"`  // id of the bearer token that signs it too
	Sealed   []byte    `json:"sealed"`           // the body
	Holder   string    `json:"holder,omitempty"` // of the key: a customer, or nobody
	After    string    `json:"after,omitempty"`  // the delivery before it, whose first attempt goes first
	State    string    `json:"state"`
	Tries    int       `json:"tries,omitempty"`
	Failures int       `json:"failures,omitempty"` // of the automatic tries: the place in the schedule
	Attempts []Attempt `json:"attempts,omitempty"` // the latest keepAttempts
	Manual   *Manual   `json:"manual,omitempty"`   // the next attempt was asked for by a person
	Due      time.Time `json:"due,omitzero"`
	Created  time.Time `json:"created"`
}

// States of a delivery.
const (
	Waiting   = "waiting"   // to be sent at Due
	Delivered = "delivered" // the receiver answered 2xx
	Exhausted = "exhausted" // the schedule is used up
	GoneAway  = "gone"      // the receiver answered 410, or its endpoint was removed
)

// Attempt is one try at a delivery.
type Attempt struct {
	At     time.Time     `json:"at"`
	Took   time.Duration `json:"took"`
	Status int           `json:"status,omitempty"` // zero: no answer
	Error  string        `json:"error,omitempty"`
	Kind   string        `json:"kind"` // initial_attempt, automatic_retry, manual_retry
}

const keepAttempts = 32

// Manual is where a delivery stood when a person asked for one more attempt.
type Manual struct {
	State string        `json:"state"`
	Left  time.Duration `json:"left,omitempty"` // until its next automatic try; a clock that is set doesn't change it
}
