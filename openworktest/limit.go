package openworktest

import "time"

// The limits of document/path/90454 for one API.
const (
	corpPerMinute, corpPerHour         = 10_000, 150_000
	providerPerMinute, providerPerHour = 40_000, 1_200_000
	ticketsPerHour                     = 100 // of the JS-SDK, for one app in one corp
)

// window counts calls in the current minute and hour.
type window struct {
	minute, hour time.Time // when they began
	inMinute     int
	inHour       int
	blockedUntil time.Time
}

// take counts a call, and reports false if it is one too many, or comes while
// those before it still block.
func (w *window) take(now time.Time, perMinute, perHour int) bool {
	if now.Before(w.blockedUntil) {
		return false
	}
	if now.Sub(w.minute) >= time.Minute {
		w.minute, w.inMinute = now, 0
	}
	if now.Sub(w.hour) >= time.Hour {
		w.hour, w.inHour = now, 0
	}
	w.inMinute++
	w.inHour++
	switch {
	case w.inHour > perHour:
		w.blockedUntil = now.Add(time.Hour)
	case w.inMinute > perMinute:
		w.blockedUntil = now.Add(time.Minute)
	default:
		return true
	}
	return false
}

// isLimited counts a call of an API by a corp, or by the provider if corpID is
// "", and tells whether it is one too many. p.mu is held.
func (p *Platform) isLimited(path, suiteID, corpID string) bool {
	key := path + " " + corpID
	perMinute, perHour := providerPerMinute, providerPerHour
	if corpID != "" {
		perMinute, perHour = corpPerMinute, corpPerHour
	}
	switch path {
	case "/cgi-bin/get_jsapi_ticket", "/cgi-bin/ticket/get":
		perHour = ticketsPerHour
		key += " " + suiteID
	}
	if p.config.PerMinute > 0 {
		perMinute = p.config.PerMinute
	}
	if p.config.PerHour > 0 {
		perHour = p.config.PerHour
	}
	if p.limits[key] == nil {
		p.limits[key] = &window{}
	}
	return !p.limits[key].take(p.now(), perMinute, perHour)
}

// isBarred tells whether calls for tokens had so many wrong secrets that none
// is looked at. p.mu is held.
func (p *Platform) isBarred() bool { return p.now().Before(p.wrongSecrets.blockedUntil) }

// wrongSecret counts a call for a token with a wrong secret, and is its
// errcode. p.mu is held.
func (p *Platform) wrongSecret(code Errcode) Errcode {
	p.wrongSecrets.take(p.now(), p.config.WrongSecrets, p.config.WrongSecrets-1)
	return code
}
