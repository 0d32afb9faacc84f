package carrier_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/carrier"
	"github.com/flashgin/flashgin/internal/htmx"
)

// part returns an answer to htmx, which goes into a page whose markup is ours.
func part(change func(*carrier.Answer)) carrier.Answer {
	a := carrier.Answer{
		Request: httptest.NewRequest(http.MethodPost, "/", nil),
		Reader:  browser.ForHTMX, Status: http.StatusOK,
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
		Body:   true, Mounted: true,
		ReadyMade: func() bool { return true },
	}
	change(&a)
	return a
}

func TestCarrier(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*carrier.Answer)
		want   carrier.Carrier
	}{
		"a part of a page": {func(*carrier.Answer) {}, carrier.OutOfBand},
		"a page": {func(a *carrier.Answer) { a.Reader = browser.ForBrowser },
			carrier.Nothing},
		"a frame":  {func(a *carrier.Answer) { a.Reader = browser.ForFrame }, carrier.Nothing},
		"a script": {func(a *carrier.Answer) { a.Reader = browser.ForScript }, carrier.Notice},
		"a stream of Turbo": {func(a *carrier.Answer) { a.Reader = browser.ForTurbo },
			carrier.TurboStream},
		"a stream without a body": {func(a *carrier.Answer) {
			a.Reader, a.Body = browser.ForTurbo, false
		}, carrier.Notice},
		"no body":  {func(a *carrier.Answer) { a.Body = false }, carrier.Trigger},
		"an error": {func(a *carrier.Answer) { a.Status = http.StatusNotFound }, carrier.Trigger},
		"own markup": {func(a *carrier.Answer) { a.ReadyMade = func() bool { return false } },
			carrier.Trigger},
		"no HTML": {func(a *carrier.Answer) { a.Header.Set("Content-Type", "text/plain") },
			carrier.Trigger},
		"a redirect": {func(a *carrier.Answer) { a.Header.Set("HX-Redirect", "/") },
			carrier.Nothing},
		"a part": {func(a *carrier.Answer) { a.Status = http.StatusPartialContent },
			carrier.Trigger},
		"not mounted": {func(a *carrier.Answer) { a.Mounted = false }, carrier.Nothing},
		"compressed within": {func(a *carrier.Answer) { a.Header.Set("Content-Encoding", "gzip") },
			carrier.Trigger},
		"compressed around": {func(a *carrier.Answer) {
			a.Header.Set("Content-Encoding", "gzip")
			a.Packed = "gzip"
		}, carrier.OutOfBand},
	} {
		t.Run(name, func(t *testing.T) {
			by, mistake := carrier.Of(part(test.change))
			assert.Equal(t, test.want, by)
			assert.Equal(t, name == "not mounted", mistake != "")
			assert.Equal(t, by == carrier.OutOfBand || by == carrier.TurboStream, by.IsBehind())
		})
	}
}

func TestSetHeader(t *testing.T) {
	h := http.Header{}
	ok, _ := carrier.Set(200, h, carrier.Notice, []string{"one"}, "")
	assert.True(t, ok)
	ok, _ = carrier.Set(200, h, carrier.Notice, []string{"two"}, "/pull")
	assert.True(t, ok, "of an engine within this one")
	assert.Equal(t, `{"messages":["one","two"],"pull":"/pull"}`, h.Get("Flash-Messages"))

	h = http.Header{htmx.TriggerHeader: {"saved"}}
	ok, _ = carrier.Set(200, h, carrier.Trigger, []string{"one"}, "")
	assert.True(t, ok)
	assert.Contains(t, h.Get(htmx.TriggerHeader), "saved")
	assert.Contains(t, h.Get(htmx.TriggerHeader), "one")
}

func TestHeaderWithoutRoomIsNotSet(t *testing.T) {
	h := http.Header{"Set-Cookie": {strings.Repeat("x", 3000)}}
	ok, mistake := carrier.Set(200, h, carrier.Notice, []string{strings.Repeat("y", 1000)}, "")
	assert.False(t, ok)
	assert.Empty(t, mistake)
	assert.Len(t, h, 1)
	ok, _ = carrier.Set[string](200, h, carrier.Notice, nil, "/pull")
	assert.True(t, ok, "the URL is short")
}

func TestHandlersHeaderThatIsNoListIsAMistake(t *testing.T) {
	h := http.Header{htmx.TriggerHeader: {`{"saved":`}}
	ok, mistake := carrier.Set(200, h, carrier.Trigger, []string{"one"}, "")
	assert.False(t, ok)
	assert.Contains(t, mistake, "HX-Trigger")
}
