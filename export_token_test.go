package openwork

// JSSign is the signature behind SignConfig and SignAgentConfig.
func JSSign(ticket, nonce string, timestamp int64, pageURL string) string {
	return jsSignature(ticket, nonce, timestamp, pageURL)
}

// Pauses is how many pauses after failed calls the Client remembers.
func Pauses(c *Client) int { return c.stores.pauses.Len() }

// Corps is of how many corps the Client keeps something in memory.
func Corps(c *Client) (n int) {
	c.corps.Range(func(any, any) bool { n++; return true })
	return n
}
