package connector

import "slices"

// Why a payout ended as it did, in the words that all connectors share. What a
// provider says in its own words is Outcome.Code and Outcome.Message.
const (
	InsufficientFunds  = "insufficient_funds"  // the account that money leaves from has too little
	InvalidAccount     = "invalid_account"     // the beneficiary's account doesn't exist
	AccountClosed      = "account_closed"      // it did, and was closed or blocked
	InvalidDetails     = "invalid_details"     // details are missing, malformed or don't belong together
	RecipientNotFound  = "recipient_not_found" // nobody by this name, number or token
	Declined           = "declined"            // the beneficiary's side said no and gave no reason
	FraudSuspected     = "fraud_suspected"     // held back by somebody's rules against fraud or sanctions
	LimitExceeded      = "limit_exceeded"      // over a limit of the provider
	InvalidAmount      = "invalid_amount"      // the provider can't pay this amount or this currency exactly
	InvalidMethod      = "invalid_method"      // the account at the provider doesn't pay by this service
	InvalidRequest     = "invalid_request"     // the order wasn't understood
	InvalidCredentials = "invalid_credentials" // the provider doesn't know us, or doesn't let us
	ReturnedByBank     = "returned"            // money moved and came back
	Stopped            = "cancelled"           // stopped before any money moved
	Failed             = "processing_error"    // the provider failed and says that no money moved
)

// Resolutions are all of them.
func Resolutions() []string {
	return []string{InsufficientFunds, InvalidAccount, AccountClosed, InvalidDetails, RecipientNotFound, Declined, FraudSuspected,
		LimitExceeded, InvalidAmount, InvalidMethod, InvalidRequest, InvalidCredentials, ReturnedByBank, Stopped, Failed}
}

// IsResolution says whether word is one of them.
func IsResolution(word string) bool { return slices.Contains(Resolutions(), word) }
