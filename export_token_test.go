package openwork

// JSSign is the signature behind SignConfig and SignAgentConfig.
func JSSign(ticket, nonce string, timestamp int64, pageURL string) string {
	return jsSignature(ticket, nonce, timestamp, pageURL)
}
