// The JDK's HttpClient. README.md here says what is read and written.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

public class Client {
    private static final char[] NO_PASSWORD = {};

    private final String url;
    private final String version;
    private final String header;
    private final String form;
    private final Asked asked = new Asked();
    private final Counted context;

    private Client(String[] fields) throws Exception {
        url = fields[0];
        version = fields[4];
        header = fields[5];
        form = fields[6];
        KeyStore trusted = keyStore();
        trusted.setCertificateEntry("ca", certificates(fields[1])[0]);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        KeyStore own = keyStore();
        if (!fields[2].equals("-")) {
            own.setKeyEntry("own", key(fields[3]), NO_PASSWORD, certificates(fields[2]));
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, NO_PASSWORD);
        asked.decides = (X509ExtendedKeyManager) keys.getKeyManagers()[0];
        SSLContext real = SSLContext.getInstance("TLS");
        real.init(new KeyManager[] {asked}, trust.getTrustManagers(), null);
        context = new Counted(real);
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            try {
                new Client(line.split("\t")).attempt();
            } catch (Exception error) {
                System.out.println("failed\t" + oneLine(error.toString()));
            }
            System.out.println();
        }
    }

    private void attempt() throws Exception {
        HttpClient client = httpClient();
        System.out.println("first" + answer(client));
        System.out.println("authorities\t" + asked.authorities);
        String again = answer(client);
        System.out.println((context.connections() == 1 ? "again" : "not-again") + again);
        // Another client has connections of its own; the sessions stay with the context.
        String resumed = answer(httpClient());
        boolean isResumed = context.connections() == 2 && asked.times.get() == 1;
        System.out.println((isResumed ? "resumed" : "not-resumed") + resumed);
    }

    private HttpClient httpClient() {
        SSLParameters parameters = context.context.getDefaultSSLParameters();
        parameters.setProtocols(new String[] {"TLSv" + version});
        return HttpClient.newBuilder().sslContext(context.context).sslParameters(parameters).build();
    }

    private String answer(HttpClient client) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form));
        if (!header.equals("-")) {
            String[] field = header.split(": ", 2);
            request.header(field[0], field[1]);
        }
        HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        String spoken = response.sslSession().get().getProtocol().replace("TLSv", "");
        return "\t" + response.statusCode() + "\t" + spoken + "\t" + oneLine(response.body());
    }

    private static KeyStore keyStore() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static Certificate[] certificates(String file) throws Exception {
        try (var octets = Files.newInputStream(Path.of(file))) {
            return CertificateFactory.getInstance("X.509").generateCertificates(octets).toArray(new Certificate[0]);
        }
    }

    private static PrivateKey key(String file) throws Exception {
        String base64 = Files.readString(Path.of(file)).replaceAll("-----.*-----", "");
        byte[] der = Base64.getMimeDecoder().decode(base64);
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s+", " ");
    }

    /** An SSLContext whose connections are counted. */
    private static class Counted extends SSLContextSpi {
        private final SSLContext real;
        private final AtomicInteger engines = new AtomicInteger();
        private final SSLContext context;

        private Counted(SSLContext real) {
            this.real = real;
            context = new SSLContext(this, real.getProvider(), real.getProtocol()) {};
        }

        private int connections() {
            return engines.get();
        }

        @Override
        protected SSLEngine engineCreateSSLEngine(String host, int port) {
            engines.incrementAndGet();
            return real.createSSLEngine(host, port);
        }

        @Override
        protected SSLEngine engineCreateSSLEngine() {
            engines.incrementAndGet();
            return real.createSSLEngine();
        }

        @Override
        protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random) {
            throw new IllegalStateException("it is ready");
        }

        @Override
        protected SSLSocketFactory engineGetSocketFactory() {
            return real.getSocketFactory();
        }

        @Override
        protected SSLServerSocketFactory engineGetServerSocketFactory() {
            return real.getServerSocketFactory();
        }

        @Override
        protected SSLSessionContext engineGetServerSessionContext() {
            return real.getServerSessionContext();
        }

        @Override
        protected SSLSessionContext engineGetClientSessionContext() {
            return real.getClientSessionContext();
        }

        @Override
        protected SSLParameters engineGetDefaultSSLParameters() {
            return real.getDefaultSSLParameters();
        }

        @Override
        protected SSLParameters engineGetSupportedSSLParameters() {
            return real.getSupportedSSLParameters();
        }
    }

    /** Java's own key manager, which decides whether a certificate is shown; overheard. */
    private static class Asked extends X509ExtendedKeyManager {
        private X509ExtendedKeyManager decides;
        /** In each handshake that resumes no session. */
        private final AtomicInteger times = new AtomicInteger();
        private volatile int authorities = -1;

        @Override
        public String chooseEngineClientAlias(String[] keyTypes, Principal[] issuers, SSLEngine engine) {
            times.incrementAndGet();
            authorities = issuers == null ? 0 : issuers.length;
            return decides.chooseEngineClientAlias(keyTypes, issuers, engine);
        }

        @Override
        public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
            return decides.chooseClientAlias(keyTypes, issuers, socket);
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return decides.getClientAliases(keyType, issuers);
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return decides.getCertificateChain(alias);
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return decides.getPrivateKey(alias);
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return null;
        }
    }
}
