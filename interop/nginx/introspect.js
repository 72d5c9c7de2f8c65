// What nginx asks before it lets a request through, and how it says no.

// The challenge goes to the main request as X-Challenge: auth_request knows no WWW-Authenticate that njs has set.

// check responds to nginx's auth_request: 204 for a token that the authorization server calls active and that has the scope
// which the location needs; else 401, with a challenge as the location has it, or 403.
async function check(r) {
    const header = /^Bearer +(\S+)$/i.exec(r.variables.http_authorization || '');
    if (!header) {
        refuse(r, 'Bearer realm="nginx"');
        return;
    }
    const reply = await r.subrequest('/introspect', { method: 'POST', body: 'token=' + encodeURIComponent(header[1]) });
    if (reply.status !== 200) {
        r.error('introspection: ' + reply.status + ' ' + reply.responseText);
        r.return(500);
        return;
    }
    const introspected = JSON.parse(reply.responseText);
    if (!introspected.active) {
        refuse(r, 'Bearer realm="nginx", error="invalid_token", error_description="it is not active"');
        return;
    }
    const scope = r.variables.scope;
    if (scope && !(introspected.scope || '').split(' ').includes(scope)) {
        r.headersOut['X-Challenge'] = 'Bearer realm="nginx", error="insufficient_scope", scope="' + scope + '"';
        r.return(403);
        return;
    }
    r.return(204);
}

// refuse responds with 401.
function refuse(r, bearer) {
    const challenge = { proper: bearer, basic: 'Basic realm="nginx"' }[r.variables.way];
    if (challenge) {
        r.headersOut['X-Challenge'] = challenge;
    }
    r.return(401);
}

// serve is what the token opens.
function serve(r) {
    r.headersOut['Content-Type'] = 'application/json';
    r.return(200, '{"ok":true}');
}

export default { check, serve };
