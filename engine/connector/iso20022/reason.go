package iso20022

import "penstock/engine/connector"

// resolutions are why a bank refuses or sends back, by the codes of ISO's
// external code sets (ExternalStatusReason1Code, ExternalReturnReason1Code).
var resolutions = map[string]string{
	"AC01": connector.InvalidAccount, "AC02": connector.InvalidAccount, "AC03": connector.InvalidAccount, "AC13": connector.InvalidAccount, "AC15": connector.AccountClosed,
	"AC04": connector.AccountClosed, "AC06": connector.AccountClosed, "AC07": connector.AccountClosed, "AC05": connector.AccountClosed,
	"AG01": connector.InvalidMethod, "AG02": connector.InvalidMethod, "AG03": connector.InvalidMethod, "AG09": connector.Failed, "AG10": connector.Failed, "AG11": connector.Failed, "AB05": connector.Failed, "AB06": connector.Failed, "AB08": connector.Failed,
	"AM01": connector.InvalidAmount, "AM02": connector.LimitExceeded, "AM03": connector.InvalidAmount, "AM04": connector.InsufficientFunds, "AM06": connector.InvalidAmount, "AM07": connector.Declined, "AM09": connector.InvalidAmount,
	"AM10": connector.InvalidRequest, "AM12": connector.InvalidAmount, "AM14": connector.LimitExceeded, "AM21": connector.LimitExceeded, "AM23": connector.LimitExceeded,
	"BE01": connector.InvalidDetails, "BE04": connector.InvalidDetails, "BE05": connector.InvalidRequest, "BE06": connector.RecipientNotFound, "BE07": connector.InvalidDetails, "BE16": connector.InvalidDetails, "BE17": connector.InvalidDetails, "BE22": connector.InvalidDetails,
	"CURR": connector.InvalidAmount, "CNOR": connector.InvalidDetails, "DNOR": connector.InvalidDetails, "CUST": connector.Declined, "CUTA": connector.Stopped, "DS02": connector.Stopped, "FOCR": connector.ReturnedByBank, "DT01": connector.InvalidRequest,
	"FF01": connector.InvalidRequest, "FF05": connector.InvalidMethod, "FRAD": connector.FraudSuspected, "FR01": connector.FraudSuspected, "LEGL": connector.FraudSuspected, "MD07": connector.RecipientNotFound,
	"MS02": connector.Declined, "MS03": connector.Declined, "NARR": connector.Declined, "NOAS": connector.Declined, "RC01": connector.InvalidDetails, "RC03": connector.InvalidDetails, "RC04": connector.InvalidDetails, "RC07": connector.InvalidDetails,
	"RR01": connector.FraudSuspected, "RR02": connector.InvalidDetails, "RR03": connector.InvalidDetails, "RR04": connector.FraudSuspected, "RUTA": connector.ReturnedByBank, "SL12": connector.Declined, "TM01": connector.InvalidRequest,
}

// doubled are the codes by which a bank says that it has the order already:
// no word that it wasn't paid.
var doubled = map[string]bool{"AM05": true, "DU01": true, "DU02": true, "DU03": true, "DU04": true, "DU05": true, "DUPL": true}

// status is what a status of a transaction means; others mean nothing to us.
var status = map[string]connector.Verdict{
	"RCVD": connector.Accepted, "ACTC": connector.Accepted, "ACCP": connector.Accepted, "ACSP": connector.Accepted, "ACWC": connector.Accepted, "ACWP": connector.Accepted, "ACFC": connector.Accepted, "PDNG": connector.Accepted, "PATC": connector.Accepted,
	"ACSC": connector.Paid, "ACCC": connector.Paid, "RJCT": connector.Rejected, "CANC": connector.Rejected,
}

// outcomeOf is the outcome of a status with its reason; false where the status
// says nothing that can be believed.
func outcomeOf(code, reason, text string) (connector.Outcome, bool) {
	verdict, known := status[code]
	if !known || doubled[reason] {
		return connector.Outcome{}, false
	}
	out := connector.Outcome{Verdict: verdict, Code: connector.Word(code)}
	if verdict != connector.Rejected {
		return out, true
	}
	out.Resolution, out.Message = connector.Declined, connector.Text(text)
	if code == "CANC" {
		out.Resolution = connector.Stopped
	}
	if why := resolutions[reason]; why != "" {
		out.Resolution = why
	}
	if reason != "" {
		out.Code = connector.Word(reason)
	}
	return out, true
}
