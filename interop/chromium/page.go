package chromium

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
)

// Page is a tab. Its methods are called by one goroutine at a time.
type Page struct {
	conn    *conn
	session string

	mu         sync.Mutex
	loaded     chan struct{} // closed at the next load
	loads      int
	requests   []string
	complaints []string
}

// NewPage opens a tab.
func (b *Browser) NewPage(ctx context.Context) (*Page, error) {
	var target struct {
		ID string `json:"targetId"`
	}
	if err := b.conn.call(ctx, "", "Target.createTarget", object{"url": "about:blank", "browserContextId": b.context}, &target); err != nil {
		return nil, err
	}
	var session struct {
		ID string `json:"sessionId"`
	}
	if err := b.conn.call(ctx, "", "Target.attachToTarget", object{"targetId": target.ID, "flatten": true}, &session); err != nil {
		return nil, err
	}
	p := &Page{conn: b.conn, session: session.ID, loaded: make(chan struct{})}
	b.conn.onEvent(session.ID, p.event)
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "Audits"} {
		if err := p.call(ctx, domain+".enable", nil, nil); err != nil {
			return nil, err
		}
	}
	return p, nil
}

type object = map[string]any

func (p *Page) call(ctx context.Context, method string, params, result any) error {
	return p.conn.call(ctx, p.session, method, params, result)
}

// event notes what the page does, and what the browser finds wrong with it.
func (p *Page) event(m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch m.Method {
	case "Page.loadEventFired":
		p.loads++
		close(p.loaded)
		p.loaded = make(chan struct{})
	case "Network.requestWillBeSent":
		var e struct{ Request struct{ URL string } }
		_ = json.Unmarshal(m.Params, &e) // what is not there is an empty address, which no test expects
		p.requests = append(p.requests, e.Request.URL)
	case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Audits.issueAdded":
		p.complaints = append(p.complaints, fmt.Sprintf("%s %s", m.Method, m.Params))
	}
}

// Loads is how often a document has been loaded.
func (p *Page) Loads() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.loads
}

// Requests are the addresses that the page has requested since the last call, its own included.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	requests := p.requests
	p.requests = nil
	return requests
}

// Complaints are what stands in the console, and the issues that the browser has found, since the last call.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	complaints := p.complaints
	p.complaints = nil
	return complaints
}

// WaitForLoads waits until so many documents have been loaded.
func (p *Page) WaitForLoads(ctx context.Context, n int) error {
	for {
		p.mu.Lock()
		loads, loaded := p.loads, p.loaded
		p.mu.Unlock()
		if loads >= n {
			return nil
		}
		select {
		case <-loaded:
		case <-p.conn.ended:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("the page is not loaded: %w", context.Cause(ctx))
		}
	}
}

// Navigate loads an address, and waits for it.
func (p *Page) Navigate(ctx context.Context, url string) error {
	before := p.Loads()
	var navigated struct{ ErrorText string }
	if err := p.call(ctx, "Page.navigate", object{"url": url}, &navigated); err != nil {
		return err
	}
	if navigated.ErrorText != "" {
		return fmt.Errorf("%s: %s", url, navigated.ErrorText)
	}
	return p.WaitForLoads(ctx, before+1)
}

// Evaluate runs a script in the page as its user's console would, which a Content-Security-Policy does not keep it
// from. A promise is awaited. The value arrives as JSON; result may be nil.
func (p *Page) Evaluate(ctx context.Context, script string, result any) error {
	var evaluated struct {
		Result struct {
			Value json.RawMessage
		}
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	params := object{"expression": script, "returnByValue": true, "awaitPromise": true, "userGesture": true}
	if err := p.call(ctx, "Runtime.evaluate", params, &evaluated); err != nil {
		return err
	}
	if e := evaluated.ExceptionDetails; e != nil {
		return fmt.Errorf("the script failed: %s", e.Exception.Description)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(evaluated.Result.Value, result)
}

// View is how the user looks at a page.
type View struct {
	Width, Height int    // in CSS pixels
	Phone         bool   // the page is laid out as on a phone, which looks at the viewport that it asks for
	Scheme        string // "light" or "dark"
}

// Look sets the view.
func (p *Page) Look(ctx context.Context, v View) error {
	err := p.call(ctx, "Emulation.setDeviceMetricsOverride", object{
		"width": v.Width, "height": v.Height, "deviceScaleFactor": 1, "mobile": v.Phone,
	}, nil)
	if err != nil {
		return err
	}
	return p.call(ctx, "Emulation.setEmulatedMedia", object{
		"features": []object{{"name": "prefers-color-scheme", "value": v.Scheme}},
	}, nil)
}

// DisableScripts has the page run no script of its own from the next load on.
func (p *Page) DisableScripts(ctx context.Context) error {
	return p.call(ctx, "Emulation.setScriptExecutionDisabled", object{"value": true}, nil)
}

// PressTab presses the tabulator key, which moves the focus.
func (p *Page) PressTab(ctx context.Context) error {
	key := object{"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
	for _, kind := range []string{"keyDown", "keyUp"} {
		key["type"] = kind
		if err := p.call(ctx, "Input.dispatchKeyEvent", key, nil); err != nil {
			return err
		}
	}
	return nil
}

// Screenshot is a picture of the whole page, as PNG.
func (p *Page) Screenshot(ctx context.Context) ([]byte, error) {
	var picture struct{ Data []byte }
	err := p.call(ctx, "Page.captureScreenshot", object{"captureBeyondViewport": true}, &picture)
	return picture.Data, err
}
