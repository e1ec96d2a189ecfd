export interface paths {
    "/MP_verify_{key}.txt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Verify File
         * @description A verification file. Public: it proves to the platform whose domain this is, and tells nothing else.
         */
        get: operations["verify_file_MP_verify__key__txt_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/v1/{link}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Open Link
         * @description The bytes behind a signed link. The signature stands in for a session, and ends with the viewer's sessions.
         */
        get: operations["open_link_files_v1__link__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        /**
         * Look At Link
         * @description The headers of what the link opens; signed like it.
         */
        head: operations["look_at_link_files_v1__link__head"];
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Alive
         * @description The process answers.
         */
        get: operations["alive_healthz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prometheus
         * @description Metrics of all processes, in Prometheus' text format; keep it behind the proxy.
         */
        get: operations["prometheus_metrics_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ready
         * @description PostgreSQL answers (503 if not); without Redis the service goes on and says so.
         */
        get: operations["ready_readyz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Accounts
         * @description All accounts, without their secrets.
         */
        get: operations["list_accounts_staff_v1_accounts_get"];
        put?: never;
        /**
         * Add Account
         * @description Connect an official account or a mini-program.
         */
        post: operations["add_account_staff_v1_accounts_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/accounts/{account_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change Account
         * @description Change an account; after a change of token or aes_key the former pair still opens pushes for some days.
         */
        patch: operations["change_account_staff_v1_accounts__account_id__patch"];
        trace?: never;
    };
    "/staff/v1/accounts/{account_id}/doctor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Examine
         * @description What connecting this account still needs; asks the platform, and our own public address.
         */
        get: operations["examine_staff_v1_accounts__account_id__doctor_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/accounts/{account_id}/menu": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Kept Menu
         * @description The menu the account had before us, as read.
         */
        get: operations["kept_menu_staff_v1_accounts__account_id__menu_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/accounts/{account_id}/notice-template": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Template
         * @description The template of this account that carries notices to colleagues' phones.
         */
        get: operations["get_template_staff_v1_accounts__account_id__notice_template_get"];
        /**
         * Put Template
         * @description Have this account carry notices; where the platform can be asked, it has to know the template and its keys.
         */
        put: operations["put_template_staff_v1_accounts__account_id__notice_template_put"];
        post?: never;
        /**
         * Delete Template
         * @description This account carries notices no more.
         */
        delete: operations["delete_template_staff_v1_accounts__account_id__notice_template_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Alerts
         * @description What is open, the latest first.
         */
        get: operations["list_alerts_staff_v1_alerts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/announcements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Announcements
         * @description The announcements of the people in reach, newest first, withdrawn ones too.
         */
        get: operations["list_announcements_staff_v1_announcements_get"];
        put?: never;
        /**
         * Announce
         * @description Publish an announcement to people, departments (with those below), posts or stores in reach; they are alerted.
         */
        post: operations["announce_staff_v1_announcements_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/announcements/{announcement_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Announcement
         * @description Read an announcement: for who it is addressed to, its author, and who looks after the author's.
         */
        get: operations["read_announcement_staff_v1_announcements__announcement_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change Announcement
         * @description Change title or body: whoever had read it is told, and it is unread again.
         */
        patch: operations["change_announcement_staff_v1_announcements__announcement_id__patch"];
        trace?: never;
    };
    "/staff/v1/announcements/{announcement_id}/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count Readers
         * @description To whom an announcement is addressed, how many they are, and how many have read it.
         */
        get: operations["count_readers_staff_v1_announcements__announcement_id__counts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/announcements/{announcement_id}/readers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Readers
         * @description Who has read an announcement, and who has not.
         */
        get: operations["list_readers_staff_v1_announcements__announcement_id__readers_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/announcements/{announcement_id}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Withdraw Announcement
         * @description Take an announcement back: nobody it is addressed to sees it any more.
         */
        post: operations["withdraw_announcement_staff_v1_announcements__announcement_id__withdraw_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search Audit
         * @description Who saw or changed what, the newest first. Each search is a row of the log itself; its further pages are not.
         */
        get: operations["search_audit_staff_v1_audit_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/audit.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export Audit
         * @description The same as a table, all of it.
         */
        get: operations["export_audit_staff_v1_audit_csv_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/audit/chain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Audit Chain
         * @description Is anything missing or changed?
         */
        get: operations["audit_chain_staff_v1_audit_chain_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/backups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Backups
         * @description Backups that were made or tried, the newest first.
         */
        get: operations["list_backups_staff_v1_backups_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Blocks
         * @description Which fans in the caller's reach are on the blacklist of an account, or of any, newest first.
         */
        get: operations["list_blocks_staff_v1_blocks_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Channels
         * @description All channels, in the order they were added.
         */
        get: operations["list_channels_staff_v1_channels_get"];
        put?: never;
        /**
         * Add Channel
         * @description A new channel; its code follows within seconds.
         */
        post: operations["add_channel_staff_v1_channels_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/channels/{channel_id}/stores": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stores Of Channel
         * @description The omnichannel view: a channel's open stores with hours, phone, picture and codes.
         */
        get: operations["stores_of_channel_staff_v1_channels__channel_id__stores_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/code-batches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add Batch
         * @description A code for every open store or guide in reach, or channel; if the permanent ones don't suffice, none is made.
         */
        post: operations["add_batch_staff_v1_code_batches_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/code-batches/{batch_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Batch
         * @description How far the platform has come with a batch, as far as the caller reaches.
         */
        get: operations["get_batch_staff_v1_code_batches__batch_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Codes
         * @description Codes of guides, stores and channels, in the order they were made.
         */
        get: operations["list_codes_staff_v1_codes_get"];
        put?: never;
        /**
         * Add Code
         * @description One more code of a guide or store in reach, or a channel, perhaps for a season; it is issued within seconds.
         */
        post: operations["add_code_staff_v1_codes_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/codes/numbers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Codes Numbers
         * @description Codes ranked by the first-touch follows they brought from the first to the last business day.
         */
        get: operations["codes_numbers_staff_v1_codes_numbers_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/codes/posters.pdf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Posters Pdf
         * @description The same posters as a PDF, one a page; there is a limit to how many (`too_many_posters`).
         */
        get: operations["posters_pdf_staff_v1_codes_posters_pdf_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/codes/posters.zip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Posters Zip
         * @description The posters of these codes as PNG in a ZIP, without those of guides who left and stores that closed.
         *
         *     404 `no_posters` when there is nothing to put into it.
         */
        get: operations["posters_zip_staff_v1_codes_posters_zip_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/codes/{code_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Code
         * @description One code.
         */
        get: operations["get_code_staff_v1_codes__code_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change Code
         * @description Change a code's name and season.
         */
        patch: operations["change_code_staff_v1_codes__code_id__patch"];
        trace?: never;
    };
    "/staff/v1/codes/{code_id}/code.png": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Code Png
         * @description The bare QR code.
         */
        get: operations["code_png_staff_v1_codes__code_id__code_png_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/codes/{code_id}/numbers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Code Numbers
         * @description What a code brought from the first to the last business day.
         */
        get: operations["code_numbers_staff_v1_codes__code_id__numbers_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/codes/{code_id}/poster.png": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Poster Png
         * @description The QR code on a poster with the account's and the guide's, store's or channel's name.
         */
        get: operations["poster_png_staff_v1_codes__code_id__poster_png_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/codes/{code_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume Code
         * @description The code counts again.
         */
        post: operations["resume_code_staff_v1_codes__code_id__resume_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/codes/{code_id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop Code
         * @description From now on the code still welcomes, but counts for nobody.
         */
        post: operations["stop_code_staff_v1_codes__code_id__stop_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/codes/{code_id}/target": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Aim Code
         * @description Point a code at another guide, store or channel; what was scanned before counts for the former one.
         */
        post: operations["aim_code_staff_v1_codes__code_id__target_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/consent-texts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Texts
         * @description The published texts, in the order of publication.
         */
        get: operations["list_texts_staff_v1_consent_texts_get"];
        put?: never;
        /**
         * Publish Text
         * @description Publish the next version of what people are asked to agree to; no version ever changes.
         */
        post: operations["publish_text_staff_v1_consent_texts_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/contact-persons/{contact_person_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove Contact Person
         * @description Take a contact person off the list, with the numbers; what was written about talks stays.
         */
        delete: operations["remove_contact_person_staff_v1_contact_persons__contact_person_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change Contact Person
         * @description Change a contact person; making one the main contact takes it from the former one.
         */
        patch: operations["change_contact_person_staff_v1_contact_persons__contact_person_id__patch"];
        trace?: never;
    };
    "/staff/v1/customer-exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Export Customers
         * @description The customers in reach that the filters find, as a table, streamed.
         *
         *     Others' numbers are masked, the pool's hidden; with `unmask` (customers:unmask) others' are in full, which is
         *     written down.
         */
        post: operations["export_customers_staff_v1_customer_exports_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customer-imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Imports
         * @description The imports of colleagues in reach, the latest first.
         */
        get: operations["list_imports_staff_v1_customer_imports_get"];
        put?: never;
        /**
         * Order Import
         * @description Have a table of customers read in the background, or with `dry_run` find out what would become of its rows.
         *
         *     Into the pool it takes pool:write besides. Progress: GET, or `customer_import` on the live stream.
         */
        post: operations["order_import_staff_v1_customer_imports_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customer-imports/headers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Look At Table
         * @description The columns of a table that the caller uploaded (purpose `table`), and which field each probably is.
         */
        post: operations["look_at_table_staff_v1_customer_imports_headers_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customer-imports/{import_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Import
         * @description How far an import is, and what became of its rows.
         */
        get: operations["read_import_staff_v1_customer_imports__import_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customer-imports/{import_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Import
         * @description Stop an import; what it has taken stays.
         */
        post: operations["cancel_import_staff_v1_customer_imports__import_id__cancel_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customer-imports/{import_id}/report.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download Report
         * @description Every row that was not simply taken: what became of it, why, and which column it is about.
         */
        get: operations["download_report_staff_v1_customer_imports__import_id__report_csv_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Customers
         * @description The customers in the caller's reach: all of them, whom `q` means, or those of a saved view.
         */
        get: operations["list_customers_staff_v1_customers_get"];
        put?: never;
        /**
         * Create Customer
         * @description A new customer of the caller's, or with `customers:assign` of a colleague in reach.
         *
         *     The same mobile and name is refused (`duplicate_customer`), the same mobile with another name needs `confirm`.
         */
        post: operations["create_customer_staff_v1_customers_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/assignments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Assign
         * @description Change the owner of customers in reach to a colleague in reach, as a superior; both sides are told.
         */
        post: operations["assign_staff_v1_customers_assignments_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/lookup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look Up
         * @description Who is there already, in the whole company, before somebody new is entered (F-05): by name or by mobile.
         *
         *     Says whose they are, no number, and no id beyond the caller's reach.
         */
        get: operations["look_up_staff_v1_customers_lookup_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Search Customers
         * @description The customers in the caller's reach for whom all conditions hold, newest first.
         */
        post: operations["search_customers_staff_v1_customers_search_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tag Customers
         * @description Put tags on up to 1,000 customers and take others off; whom the caller may not edit is named and left.
         */
        post: operations["tag_customers_staff_v1_customers_tags_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/transfers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Transfer
         * @description Give own customers to a colleague, or to the pool (AT-13).
         */
        post: operations["transfer_staff_v1_customers_transfers_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Customer
         * @description A customer's record; others' numbers are masked (AT-14). An id from before a merge leads to who it is now.
         */
        get: operations["show_customer_staff_v1_customers__customer_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change Customer
         * @description Change a record, all but a mobile number that is there (AT-12); nobody changes one in the pool (AT-08).
         */
        patch: operations["change_customer_staff_v1_customers__customer_id__patch"];
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record Channel
         * @description Record whether a customer wants to be reached on a channel; the newest word stands.
         */
        post: operations["record_channel_staff_v1_customers__customer_id__channels_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/consents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record Consent
         * @description Record what a customer agreed to, or took back, in front of a colleague.
         */
        post: operations["record_consent_staff_v1_customers__customer_id__consents_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/contact-persons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Contact Persons
         * @description The people to talk to at a customer, in the order they were added; others' contact data is masked (AT-14).
         */
        get: operations["list_contact_persons_staff_v1_customers__customer_id__contact_persons_get"];
        put?: never;
        /**
         * Add Contact Person
         * @description A new person to talk to at a customer; the first one is the main contact.
         */
        post: operations["add_contact_person_staff_v1_customers__customer_id__contact_persons_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/copy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Copy Customer
         * @description A new customer of the caller's like an existing one, with a name of its own (F-15).
         *
         *     Not taken over: numbers, e-mail, identities, keys, points, credit, contact persons, values of unique fields.
         */
        post: operations["copy_customer_staff_v1_customers__customer_id__copy_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/credit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Grant Credit
         * @description Set credit grade (one of the parameter customers.credit_grades) and limit.
         */
        put: operations["grant_credit_staff_v1_customers__customer_id__credit_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download Data
         * @description Everything held about a customer, for that person, as one document.
         */
        get: operations["download_data_staff_v1_customers__customer_id__data_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/erasures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Erase
         * @description Forget a customer who asked for it, at once and for good; anonymous ledgers stay.
         */
        post: operations["erase_staff_v1_customers__customer_id__erasures_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/follow-ups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Follow Ups
         * @description The notes about a customer (or whom they were merged into), newest first.
         */
        get: operations["list_follow_ups_staff_v1_customers__customer_id__follow_ups_get"];
        put?: never;
        /**
         * Write Follow Up
         * @description What the owner did with a customer and agreed with them (AT-16); late notes from phones that were offline too.
         */
        post: operations["write_follow_up_staff_v1_customers__customer_id__follow_ups_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/merge-preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Preview
         * @description What would move, differ and deserve a second look if the other customer became part of this one.
         */
        get: operations["preview_staff_v1_customers__customer_id__merge_preview_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/merges": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Merges
         * @description Whom this customer was joined of, newest first, with what was undone.
         */
        get: operations["list_merges_staff_v1_customers__customer_id__merges_get"];
        put?: never;
        /**
         * Merge
         * @description Make the source part of this customer, as the preview showed; its id leads here from now on.
         */
        post: operations["merge_staff_v1_customers__customer_id__merges_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/mobile-changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Mobile Changes
         * @description The corrections asked for about a customer, the latest first.
         */
        get: operations["list_mobile_changes_staff_v1_customers__customer_id__mobile_changes_get"];
        put?: never;
        /**
         * Ask Mobile Change
         * @description Ask for the correction of a wrong mobile; one request at a time per customer.
         */
        post: operations["ask_mobile_change_staff_v1_customers__customer_id__mobile_changes_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/owners": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Owners
         * @description Who had a customer (or whom they were merged into) and how that changed, newest first.
         */
        get: operations["list_owners_staff_v1_customers__customer_id__owners_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/phones/unmask": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Unmask
         * @description A customer's numbers in full; that somebody looked is written down.
         */
        post: operations["unmask_staff_v1_customers__customer_id__phones_unmask_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/picture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Picture
         * @description All about a customer (or whom they were merged into) in the caller's layout; in the pool without numbers.
         */
        get: operations["picture_staff_v1_customers__customer_id__picture_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/privacy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Privacy
         * @description What a customer agreed to, how to reach them, and whether and when they are or were forgotten.
         */
        get: operations["get_privacy_staff_v1_customers__customer_id__privacy_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/stage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change Stage
         * @description Put a customer into a stage of its life (F-19); going back needs `backwards`.
         */
        put: operations["change_stage_staff_v1_customers__customer_id__stage_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/stages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Stages
         * @description The stages a customer went through, the latest first.
         */
        get: operations["list_stages_staff_v1_customers__customer_id__stages_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tags Of Customer
         * @description The tags and groups a customer has.
         */
        get: operations["list_tags_of_customer_staff_v1_customers__customer_id__tags_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/customers/{customer_id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Timeline
         * @description What happened to a customer (or whom they were merged into), newest first.
         */
        get: operations["timeline_staff_v1_customers__customer_id__timeline_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/departments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Departments
         * @description The whole tree as it is read: each department before those below it.
         */
        get: operations["list_departments_staff_v1_departments_get"];
        put?: never;
        /**
         * Add Department
         * @description A new department, the last one below its parent.
         */
        post: operations["add_department_staff_v1_departments_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/departments/order": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Order Departments
         * @description Put siblings in order; gives the whole tree.
         */
        put: operations["order_departments_staff_v1_departments_order_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/departments/{department_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete Department
         * @description Delete a department in which there are no departments, people or open stores.
         */
        delete: operations["delete_department_staff_v1_departments__department_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change Department
         * @description Rename a department, name or remove its head (any colleague at work).
         */
        patch: operations["change_department_staff_v1_departments__department_id__patch"];
        trace?: never;
    };
    "/staff/v1/departments/{department_id}/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Merge Department
         * @description Everything of a department goes into another one, which is shown; people move to its post of the same name.
         */
        post: operations["merge_department_staff_v1_departments__department_id__merge_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/departments/{department_id}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Move Department
         * @description Put a department, with all below it, under another one; it becomes the last there.
         */
        post: operations["move_department_staff_v1_departments__department_id__move_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/departments/{department_id}/posts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Posts
         * @description The posts of a department by name.
         */
        get: operations["list_posts_staff_v1_departments__department_id__posts_get"];
        put?: never;
        /**
         * Add Post
         * @description A new post in a department.
         */
        post: operations["add_post_staff_v1_departments__department_id__posts_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/fans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Fans
         * @description The fans in the caller's reach that pass the filters, newest first.
         */
        get: operations["fans_staff_v1_fans_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/fans/portrait": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Portrait
         * @description Fans in numbers: following, sources, talk, labels; all in reach, or those one guide looks after.
         */
        get: operations["portrait_staff_v1_fans_portrait_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/fans/{customer_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Fan
         * @description One fan with the identities in our accounts.
         */
        get: operations["fan_staff_v1_fans__customer_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/fans/{customer_id}/block": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Block
         * @description Blacklist a fan in one official account, or in all.
         */
        put: operations["block_staff_v1_fans__customer_id__block_put"];
        post?: never;
        /**
         * Unblock
         * @description Let a fan go again.
         */
        delete: operations["unblock_staff_v1_fans__customer_id__block_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/fans/{customer_id}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Labels
         * @description The fan carries these and no others, in all accounts.
         */
        put: operations["set_labels_staff_v1_fans__customer_id__labels_put"];
        /**
         * Label Fan
         * @description Put these on the fan.
         */
        post: operations["label_fan_staff_v1_fans__customer_id__labels_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/fans/{customer_id}/labels/{label_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Unlabel Fan
         * @description Take one off the fan.
         */
        delete: operations["unlabel_fan_staff_v1_fans__customer_id__labels__label_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/fields": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Fields
         * @description The fields of a subject in the order of the form; with `deleted` those that were deleted come last.
         */
        get: operations["list_fields_staff_v1_fields_get"];
        put?: never;
        /**
         * Add Field
         * @description A new field, the last one of the form.
         */
        post: operations["add_field_staff_v1_fields_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/fields/order": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Order Fields
         * @description Put all fields of a subject in order.
         */
        put: operations["order_fields_staff_v1_fields_order_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/fields/{field_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete Field
         * @description Take a field off forms and lists; its values are kept.
         */
        delete: operations["delete_field_staff_v1_fields__field_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change Field
         * @description Change a field; refused where records hold values that would be lost.
         */
        patch: operations["change_field_staff_v1_fields__field_id__patch"];
        trace?: never;
    };
    "/staff/v1/fields/{field_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore Field
         * @description Bring a deleted field back with its values, at the end of the form.
         */
        post: operations["restore_field_staff_v1_fields__field_id__restore_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload File
         * @description Upload a file: the body is its bytes, no form. Unless something refers to it, it goes after a day.
         *
         *     Purposes: `attachment` (pictures, documents, sound, video), `image` (a picture for the library),
         *     `table` (CSV or XLSX, to import).
         */
        post: operations["upload_file_staff_v1_files_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/files/{file_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read File
         * @description A file of one's own, or one that its purpose lets the caller see, with fresh links.
         */
        get: operations["read_file_staff_v1_files__file_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete File
         * @description Take back an upload of one's own that nothing refers to.
         */
        delete: operations["delete_file_staff_v1_files__file_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/guides": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Guides
         * @description The guides in the caller's reach, also those who left, in the order they were added.
         */
        get: operations["list_guides_staff_v1_guides_get"];
        put?: never;
        /**
         * Add Guide
         * @description A new guide with a log-in, in a store in the caller's reach; the code follows within seconds.
         */
        post: operations["add_guide_staff_v1_guides_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Images
         * @description The library, the latest first.
         */
        get: operations["list_images_staff_v1_images_get"];
        put?: never;
        /**
         * Add Image
         * @description Put an uploaded picture into the library; one that is there already is refused and named.
         */
        post: operations["add_image_staff_v1_images_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/images/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tags
         * @description The tags in use and how many pictures carry each, the commonest first.
         */
        get: operations["list_tags_staff_v1_images_tags_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/images/{image_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Image
         * @description A picture of the library.
         */
        get: operations["read_image_staff_v1_images__image_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete Image
         * @description Take a picture out of the library; its links end at once.
         */
        delete: operations["delete_image_staff_v1_images__image_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change Image
         * @description Change title or tags.
         */
        patch: operations["change_image_staff_v1_images__image_id__patch"];
        trace?: never;
    };
    "/staff/v1/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Labels
         * @description The groups and tags of an account, or of all, with how many of the fans in the caller's reach carry them.
         */
        get: operations["list_labels_staff_v1_labels_get"];
        put?: never;
        /**
         * Add Label
         * @description Make a group or tag; the platform hears of it within seconds.
         */
        post: operations["add_label_staff_v1_labels_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/labels/{label_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete Label
         * @description Delete it, and take it off everybody.
         */
        delete: operations["delete_label_staff_v1_labels__label_id__delete"];
        options?: never;
        head?: never;
        /**
         * Rename Label
         * @description Give it another name.
         */
        patch: operations["rename_label_staff_v1_labels__label_id__patch"];
        trace?: never;
    };
    "/staff/v1/labels/{label_id}/fans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Label Many
         * @description Put it on up to 1,000 fans; those beyond the caller's reach are left out.
         */
        post: operations["label_many_staff_v1_labels__label_id__fans_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Live
         * @description One's live stream (server-sent events): what follows a number, or `hello` with the present one and what comes.
         *
         *     `reset` means that what follows the number is no longer kept: read the lists anew.
         */
        get: operations["live_staff_v1_live_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log In
         * @description A session token for the right user name and password, and the code of the second factor for who has one.
         */
        post: operations["log_in_staff_v1_login_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/login/wechat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Start Login
         * @description Where to send the phone: it comes back to `return_to` with a code. The page keeps `state` and compares it.
         */
        get: operations["start_login_staff_v1_login_wechat_get"];
        put?: never;
        /**
         * Log In
         * @description A session token for the colleague to whom this WeChat is bound.
         */
        post: operations["log_in_staff_v1_login_wechat_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log Out
         * @description End this session.
         */
        post: operations["log_out_staff_v1_logout_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who Am I
         * @description The person behind the token, and what that person may do.
         */
        get: operations["who_am_i_staff_v1_me_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change Me
         * @description Change my name, phone or email; user name, role and place are an administrator's business.
         */
        patch: operations["change_me_staff_v1_me_patch"];
        trace?: never;
    };
    "/staff/v1/me/announcements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Mine
         * @description What is addressed to oneself, newest first.
         */
        get: operations["list_mine_staff_v1_me_announcements_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/announcements/unread": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count Unread
         * @description How many announcements one has not read.
         */
        get: operations["count_unread_staff_v1_me_announcements_unread_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/cards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Cards
         * @description The workbench's sensitive cards that I may see by special right.
         */
        get: operations["my_cards_staff_v1_me_cards_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/claims": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Claims
         * @description What I may still claim today.
         */
        get: operations["my_claims_staff_v1_me_claims_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Codes
         * @description My own codes: the standing one per official account, and those for a season.
         */
        get: operations["my_codes_staff_v1_me_codes_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/codes/numbers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Codes Numbers
         * @description What each of my codes brought, from the first to the last business day.
         */
        get: operations["my_codes_numbers_staff_v1_me_codes_numbers_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/fans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Fans
         * @description The fans I look after, newest first.
         */
        get: operations["my_fans_staff_v1_me_fans_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/notice-settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Settings
         * @description One's own quiet hours and the kinds that stay off WeChat.
         */
        get: operations["show_settings_staff_v1_me_notice_settings_get"];
        /**
         * Change Settings
         * @description Choose quiet hours and the kinds that stay off WeChat.
         */
        put: operations["change_settings_staff_v1_me_notice_settings_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/notices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Notices
         * @description One's own notices, newest first; what is shown counts as delivered.
         */
        get: operations["list_notices_staff_v1_me_notices_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/notices/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read Notices
         * @description One has read some of the own notices, or all up to one; gives how many are left.
         */
        post: operations["read_notices_staff_v1_me_notices_read_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/notices/unread": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count Unread
         * @description How many notices one has not read.
         */
        get: operations["count_unread_staff_v1_me_notices_unread_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/notices/{notice_id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read Notice
         * @description One has read a notice; the first time stands.
         */
        post: operations["read_notice_staff_v1_me_notices__notice_id__read_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/numbers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Numbers
         * @description What I have brought today, this week, this month, in all.
         */
        get: operations["my_numbers_staff_v1_me_numbers_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change Password
         * @description Change my password; every other session of mine ends.
         */
        put: operations["change_password_staff_v1_me_password_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/reminders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Reminders
         * @description How many of my customers stand on each reminder list (AT-65).
         */
        get: operations["my_reminders_staff_v1_me_reminders_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/reminders/{reminder}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Reminded
         * @description My customers on a list, what is due first comes first.
         */
        get: operations["list_reminded_staff_v1_me_reminders__reminder__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/second-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Confirm Second Factor
         * @description Confirm the secret with a code; log-in asks for one from now on.
         */
        put: operations["confirm_second_factor_staff_v1_me_second_factor_put"];
        /**
         * Start Second Factor
         * @description A new secret for my authenticator; it counts from its confirmation on.
         */
        post: operations["start_second_factor_staff_v1_me_second_factor_post"];
        /**
         * Take Away Second Factor
         * @description Take my second factor away, with my password and a code.
         */
        delete: operations["take_away_second_factor_staff_v1_me_second_factor_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/second-factor.png": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Second Factor Png
         * @description The QR code of the secret that waits for its confirmation.
         */
        get: operations["second_factor_png_staff_v1_me_second_factor_png_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Sessions
         * @description Where I am logged in.
         */
        get: operations["my_sessions_staff_v1_me_sessions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End My Session
         * @description End one of my sessions.
         */
        delete: operations["end_my_session_staff_v1_me_sessions__session_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Tasks
         * @description My tasks, newest first; with `since`, those that came or changed after it.
         */
        get: operations["my_tasks_staff_v1_me_tasks_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/tasks/words": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say
         * @description What I say of my tasks: got it, read it, accept it, am so far, have done it, reject it.
         *
         *     The words a phone has buffered, at most 100, in any order and as often as it likes; one result per word, and a
         *     refused one spoils no other.
         */
        post: operations["say_staff_v1_me_tasks_words_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/tasks/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Task
         * @description One of my tasks. Looking at it here says nothing: the phone says that it was read.
         */
        get: operations["my_task_staff_v1_me_tasks__task_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/todos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Todos
         * @description What one has to do, first what is due first; or what one has done in the last days.
         */
        get: operations["list_todos_staff_v1_me_todos_get"];
        put?: never;
        /**
         * Add Reminder
         * @description Put something of one's own on the list.
         */
        post: operations["add_reminder_staff_v1_me_todos_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/todos/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count Todos
         * @description How much there is to do, overdue, and by kind.
         */
        get: operations["count_todos_staff_v1_me_todos_counts_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/todos/{todo_id}/done": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Finish Reminder
         * @description One is done with an own reminder; anything else ends where it comes from.
         */
        post: operations["finish_reminder_staff_v1_me_todos__todo_id__done_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/wechat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Bindings
         * @description The WeChat identities that are me.
         */
        get: operations["my_bindings_staff_v1_me_wechat_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/wechat/code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make Own Code
         * @description A one-time code to scan with my own phone; the one before is over. The live event `wechat_bound` follows.
         *
         *     Notices ring only in an account with a notice template; without `app_id` the code is of the first that has one.
         */
        post: operations["make_own_code_staff_v1_me_wechat_code_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/me/wechat/{binding_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Unbind Own
         * @description This identity is me no more.
         */
        delete: operations["unbind_own_staff_v1_me_wechat__binding_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/merge-candidates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Candidates
         * @description Customers who may be one person, both in the caller's reach, newest first.
         */
        get: operations["list_candidates_staff_v1_merge_candidates_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/merge-candidates/{candidate_id}/dismiss": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Dismiss
         * @description They are two; nothing joins them by itself any more.
         */
        post: operations["dismiss_staff_v1_merge_candidates__candidate_id__dismiss_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/merges/{merge_id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Undo
         * @description Take a merge back, as long as nothing that it moved has changed; details of a refusal say what has.
         */
        post: operations["undo_staff_v1_merges__merge_id__undo_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/mobile-changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Open Mobile Changes
         * @description What waits for a decision about customers in the caller's reach, the oldest first.
         */
        get: operations["list_open_mobile_changes_staff_v1_mobile_changes_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/mobile-changes/{mobile_change_id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve Mobile Change
         * @description Let the right number replace the wrong one; by somebody else than who asked, and never a proven number.
         */
        post: operations["approve_mobile_change_staff_v1_mobile_changes__mobile_change_id__approve_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/mobile-changes/{mobile_change_id}/refuse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refuse Mobile Change
         * @description Leave the number as it is; by somebody else than who asked.
         */
        post: operations["refuse_mobile_change_staff_v1_mobile_changes__mobile_change_id__refuse_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/outbound": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Messages
         * @description What was to leave for WeChat and what became of it, the newest first; neither openids nor contents.
         */
        get: operations["list_messages_staff_v1_outbound_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/outbound/{message_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry
         * @description Send a message again that failed, or whose fate is unknown: then it may arrive twice.
         */
        post: operations["retry_staff_v1_outbound__message_id__retry_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/parameters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Parameters
         * @description Every parameter with its help, range, default and value, grouped by the part of the product it belongs to.
         */
        get: operations["list_parameters_staff_v1_parameters_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/parameters/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Parameter
         * @description One parameter.
         */
        get: operations["get_parameter_staff_v1_parameters__name__get"];
        /**
         * Set Parameter
         * @description Put a value in force, within two seconds everywhere; 409 `parameter_changed` names the present version.
         */
        put: operations["set_parameter_staff_v1_parameters__name__put"];
        post?: never;
        /**
         * Reset Parameter
         * @description Put the default in force again, as a new version.
         */
        delete: operations["reset_parameter_staff_v1_parameters__name__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/parameters/{name}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Parameter History
         * @description Who set it to what, and when; the newest first.
         */
        get: operations["parameter_history_staff_v1_parameters__name__history_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/permissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Permissions
         * @description What the caller may compose a role of: operation points by module, data scopes, special rights.
         */
        get: operations["permissions_staff_v1_permissions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/phone-disputes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Disputes
         * @description Numbers that two members proved to be theirs, newest first; the open ones, or all.
         */
        get: operations["list_disputes_staff_v1_phone_disputes_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/phone-disputes/{dispute_id}/settle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Settle
         * @description Say that both are one person, or that the number is the newcomer's alone, and what proved it.
         */
        post: operations["settle_staff_v1_phone_disputes__dispute_id__settle_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/pool/assignments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Assign From Pool
         * @description Give customers of the pool to a colleague in reach.
         */
        post: operations["assign_from_pool_staff_v1_pool_assignments_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/pool/claims": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Claim
         * @description Take customers of the pool for oneself: all of them, or none when there are too many or one is gone (AT-05).
         */
        post: operations["claim_staff_v1_pool_claims_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/pool/customers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Pool
         * @description The customers of the pool, whoever came last first. No numbers.
         */
        get: operations["list_pool_staff_v1_pool_customers_get"];
        put?: never;
        /**
         * Create Pooled
         * @description A new customer straight into the pool; it has no owner.
         */
        post: operations["create_pooled_staff_v1_pool_customers_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/pool/customers/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Search Pool
         * @description The customers of the pool by any combination of filters (AT-11), the newest customer first. No numbers.
         */
        post: operations["search_pool_staff_v1_pool_customers_search_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/pool/customers/{pooled_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Pooled
         * @description A customer of the pool; numbers and e-mail are hidden from everybody (AT-08).
         */
        get: operations["show_pooled_staff_v1_pool_customers__pooled_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/pool/discards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Discard
         * @description From the pool to the trash (AT-10).
         */
        post: operations["discard_staff_v1_pool_discards_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/pool/restorations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore
         * @description From the trash back to the pool.
         */
        post: operations["restore_staff_v1_pool_restorations_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/pool/trash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Trash
         * @description What was discarded, the last first.
         */
        get: operations["list_trash_staff_v1_pool_trash_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/posts/{post_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete Post
         * @description Delete a post that nobody holds.
         */
        delete: operations["delete_post_staff_v1_posts__post_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change Post
         * @description Rename a post or put it, with the people who hold it, into another department.
         */
        patch: operations["change_post_staff_v1_posts__post_id__patch"];
        trace?: never;
    };
    "/staff/v1/ranking": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ranking
         * @description The guides in the caller's reach by the new fans they brought on a day, in its week or month (default: today).
         */
        get: operations["ranking_staff_v1_ranking_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/ranking/trend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Trend
         * @description New fans brought by a guide, or by all in reach, on each of the last days; `lost` are those of them who left.
         */
        get: operations["trend_staff_v1_ranking_trend_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Roles
         * @description The ready-made roles, then the others in the order they were added.
         */
        get: operations["list_roles_staff_v1_roles_get"];
        put?: never;
        /**
         * Add Role
         * @description A new role, perhaps as a copy of another; nobody gives what they don't hold.
         */
        post: operations["add_role_staff_v1_roles_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/roles/{role_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Role
         * @description One role.
         */
        get: operations["get_role_staff_v1_roles__role_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete Role
         * @description Delete a role that nobody holds any more.
         */
        delete: operations["delete_role_staff_v1_roles__role_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change Role
         * @description Change a role's name, points, scope or special rights; in force at its holders' next request.
         */
        patch: operations["change_role_staff_v1_roles__role_id__patch"];
        trace?: never;
    };
    "/staff/v1/staff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Staff
         * @description The people in the caller's reach, also those who left, in the order they were added.
         *
         *     `department_id` stands for the departments below it too; `text` is part of the name or the user name.
         */
        get: operations["list_staff_staff_v1_staff_get"];
        put?: never;
        /**
         * Add Staff
         * @description A new colleague, with a role and in a place that don't go beyond the caller's.
         */
        post: operations["add_staff_staff_v1_staff_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import Staff
         * @description Add everyone in a filled-in form, or with `dry_run` say what would happen; with any problem nobody is added.
         *
         *     `make_missing` makes departments and posts that aren't there (departments:write). Everybody gets the initial
         *     password, which has to be changed at the first log-in.
         */
        post: operations["import_staff_staff_v1_staff_import_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/import/template.xlsx": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Staff Template
         * @description The empty form, with notes on how to fill it in.
         */
        get: operations["staff_template_staff_v1_staff_import_template_xlsx_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Staff
         * @description One colleague in the caller's reach.
         */
        get: operations["get_staff_staff_v1_staff__staff_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change Staff
         * @description Change a colleague's data, place or rights; what concerns rights needs `roles:write` besides.
         */
        patch: operations["change_staff_staff_v1_staff__staff_id__patch"];
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Disable Staff
         * @description The account can't log in any more and every session ends; data and code stay (AT-72).
         */
        post: operations["disable_staff_staff_v1_staff__staff_id__disable_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Enable Staff
         * @description The account may log in again.
         */
        post: operations["enable_staff_staff_v1_staff__staff_id__enable_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}/handover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Preview
         * @description What the colleague holds and would hand over.
         */
        get: operations["preview_staff_v1_staff__staff_id__handover_get"];
        put?: never;
        /**
         * Hand Over
         * @description Hand everything, or some parts, over to a colleague at work, in one step.
         */
        post: operations["hand_over_staff_v1_staff__staff_id__handover_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}/handovers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Hand Overs
         * @description What the colleague handed over or received, newest first.
         */
        get: operations["hand_overs_staff_v1_staff__staff_id__handovers_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}/leave": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Leave
         * @description A colleague leaves, handing over in the same step if a receiver is given; a second call changes nothing.
         */
        post: operations["leave_staff_v1_staff__staff_id__leave_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Reset Password
         * @description A new initial password for a colleague, given or (`{}`) made; shown this once, and every session ends.
         */
        put: operations["reset_password_staff_v1_staff__staff_id__password_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}/second-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take Second Factor
         * @description Take the second factor away from a colleague who lost the phone; every session ends.
         */
        delete: operations["take_second_factor_staff_v1_staff__staff_id__second_factor_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sessions Of
         * @description Where a colleague is logged in.
         */
        get: operations["sessions_of_staff_v1_staff__staff_id__sessions_get"];
        put?: never;
        post?: never;
        /**
         * Force Out
         * @description Forced log-out: every session of the colleague ends at once.
         */
        delete: operations["force_out_staff_v1_staff__staff_id__sessions_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}/wechat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Bindings Of
         * @description The WeChat identities that are this colleague.
         */
        get: operations["bindings_of_staff_v1_staff__staff_id__wechat_get"];
        /**
         * Bind Wechat
         * @description This openid is a colleague: it no longer counts as a fan, and logs in as one who may no more than the caller.
         */
        put: operations["bind_wechat_staff_v1_staff__staff_id__wechat_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}/wechat/code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make Code
         * @description A one-time code for a colleague's phone; the one before is over. Whoever scans it can log in as the colleague.
         *
         *     Notices ring only in an account with a notice template; without `app_id` the code is of the first that has one.
         */
        post: operations["make_code_staff_v1_staff__staff_id__wechat_code_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/staff/{staff_id}/wechat/{binding_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Unbind
         * @description This identity is the colleague no more.
         */
        delete: operations["unbind_staff_v1_staff__staff_id__wechat__binding_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/stores": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Stores
         * @description The stores in the caller's reach, the own one included, in the order they were added.
         *
         *     Those of one channel belong to the omnichannel view (omnichannel:read).
         */
        get: operations["list_stores_staff_v1_stores_get"];
        put?: never;
        /**
         * Add Store
         * @description A new store; its code follows within seconds.
         */
        post: operations["add_store_staff_v1_stores_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/stores/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import Stores
         * @description Add every store in a filled-in form, or with `dry_run` say what would happen; with any problem none is added.
         */
        post: operations["import_stores_staff_v1_stores_import_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/stores/import/template.xlsx": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Store Template
         * @description The empty form, with notes on how to fill it in.
         */
        get: operations["store_template_staff_v1_stores_import_template_xlsx_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/stores/{store_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Store
         * @description One store in the caller's reach.
         */
        get: operations["get_store_staff_v1_stores__store_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change Store
         * @description Change a store's name, address, hours, phone, picture, channel, department or position.
         */
        patch: operations["change_store_staff_v1_stores__store_id__patch"];
        trace?: never;
    };
    "/staff/v1/stores/{store_id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close Store
         * @description Close a store: its code still welcomes and counts for its channel.
         */
        post: operations["close_store_staff_v1_stores__store_id__close_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tags
         * @description Tags and groups in the order they were made, with how many customers in the caller's reach have them.
         */
        get: operations["list_tags_staff_v1_tags_get"];
        put?: never;
        /**
         * Add Tag
         * @description A new tag or group, given by hand or, with a rule, to whom the search finds.
         */
        post: operations["add_tag_staff_v1_tags_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/tags/{tag_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete Tag
         * @description Delete it, and take it off everybody.
         */
        delete: operations["delete_tag_staff_v1_tags__tag_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change Tag
         * @description Give it another name or rule; a changed rule is evaluated within seconds.
         */
        patch: operations["change_tag_staff_v1_tags__tag_id__patch"];
        trace?: never;
    };
    "/staff/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tasks
         * @description Tasks sent by me, and unless `own` by people within my reach, newest first, with their numbers.
         */
        get: operations["list_tasks_staff_v1_tasks_get"];
        put?: never;
        /**
         * Send Task
         * @description Send a task to people, departments, posts, stores or everybody, as far as the own data scope reaches.
         */
        post: operations["send_task_staff_v1_tasks_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/tasks/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Preview
         * @description How many people an audience means now.
         */
        post: operations["preview_staff_v1_tasks_preview_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/tasks/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Task
         * @description A task: with numbers for its author and those above, without others' names for a recipient.
         */
        get: operations["show_task_staff_v1_tasks__task_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change Task
         * @description Change what is asked, until when or of whom; who had read it is told.
         */
        patch: operations["change_task_staff_v1_tasks__task_id__patch"];
        trace?: never;
    };
    "/staff/v1/tasks/{task_id}/recall": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Recall Task
         * @description Take it back; who had read it is told why.
         */
        post: operations["recall_task_staff_v1_tasks__task_id__recall_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/tasks/{task_id}/recipients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Recipients
         * @description Who has and has not read it, done it …, and when (AT-61).
         */
        get: operations["list_recipients_staff_v1_tasks__task_id__recipients_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/tasks/{task_id}/recipients/{staff_id}/words": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Words
         * @description All that a recipient said, in the order it was said.
         */
        get: operations["list_words_staff_v1_tasks__task_id__recipients__staff_id__words_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/verify-files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put Verify File
         * @description Serve a verification file of the platform's (`MP_verify_….txt`) at the root; the same name replaces it.
         */
        post: operations["put_verify_file_staff_v1_verify_files_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/views": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Own Views
         * @description The caller's own views, in their order.
         */
        get: operations["list_own_views_staff_v1_views_get"];
        put?: never;
        /**
         * Add View
         * @description Keep a search; to share it takes `views:share`.
         */
        post: operations["add_view_staff_v1_views_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/views/order": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Order Views
         * @description Put all own views in order.
         */
        put: operations["order_views_staff_v1_views_order_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/views/shared": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Shared Views
         * @description The views that others share.
         */
        get: operations["list_shared_views_staff_v1_views_shared_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/staff/v1/views/{view_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get View
         * @description A view, the own or a shared one; it says what it asks for and is no more.
         */
        get: operations["get_view_staff_v1_views__view_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete View
         * @description Delete an own view.
         */
        delete: operations["delete_view_staff_v1_views__view_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change View
         * @description Change an own view.
         */
        patch: operations["change_view_staff_v1_views__view_id__patch"];
        trace?: never;
    };
    "/staff/v1/welcomes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Welcomes
         * @description The welcomes of guides and stores in reach, of channels and of everybody.
         */
        get: operations["list_welcomes_staff_v1_welcomes_get"];
        /**
         * Set Welcome
         * @description Write the welcome of a guide or store in reach, of a channel or of everybody; in force within seconds.
         */
        put: operations["set_welcome_staff_v1_welcomes_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wechat/{app_id}/push": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Verify
         * @description The platform's URL verification: the echo, if the signature fits.
         */
        get: operations["verify_wechat__app_id__push_get"];
        put?: never;
        /**
         * Push
         * @description A message or an event; answered with the reply or `success` once it is durable.
         */
        post: operations["push_wechat__app_id__push_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AccountChange
         * @description What is left out (or null) stays as it is. `token` and `aes_key` belong into one change, as on the platform.
         *
         *     An empty `forward_url` ends the forwarding.
         */
        AccountChange: {
            /** Aes Key */
            aes_key?: string | null;
            /** Disabled */
            disabled?: boolean | null;
            /** Forward Url */
            forward_url?: string | null;
            mode?: components["schemas"]["Mode"] | null;
            /** Name */
            name?: string | null;
            /** Secret */
            secret?: string | null;
            /** Shadow */
            shadow?: boolean | null;
            /** Token */
            token?: string | null;
        };
        /**
         * AccountIn
         * @description `token` and `aes_key` as entered on the platform's page (服务器配置); `aes_key` has 43 characters.
         *
         *     A `shadow` account receives everything and sends nothing; `forward_url` gets every push too.
         */
        AccountIn: {
            /** Aes Key */
            aes_key: string;
            /** App Id */
            app_id: string;
            /** Forward Url */
            forward_url?: string | null;
            /** @default official */
            kind?: components["schemas"]["Kind"];
            /** @default safe */
            mode?: components["schemas"]["Mode"];
            /** Name */
            name: string;
            /** Original Id */
            original_id: string;
            /** Secret */
            secret: string;
            /**
             * Shadow
             * @default false
             */
            shadow?: boolean;
            /** Token */
            token: string;
        };
        /** AccountOut */
        AccountOut: {
            /** App Id */
            app_id: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Disabled At */
            disabled_at: string | null;
            /** Forward Url */
            forward_url: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Imported At */
            imported_at: string | null;
            kind: components["schemas"]["Kind"];
            mode: components["schemas"]["Mode"];
            /** Name */
            name: string;
            /** Original Id */
            original_id: string;
            /** Shadow */
            shadow: boolean;
        };
        /**
         * AlertOut
         * @description `kind` is a stable code, `subject` names what it is about; `count` is how often it was raised.
         */
        AlertOut: {
            /** Count */
            count: number;
            /**
             * First At
             * Format: date-time
             */
            first_at: string;
            /** Kind */
            kind: string;
            /**
             * Last At
             * Format: date-time
             */
            last_at: string;
            /** Message */
            message: string;
            /** Subject */
            subject: string;
        };
        /** AlertsOut */
        AlertsOut: {
            /** Items */
            items: components["schemas"]["AlertOut"][];
        };
        /**
         * AnnouncementChange
         * @description `version` is the one that was read before. Whoever had read it is told, and it is unread again.
         */
        AnnouncementChange: {
            /** Body */
            body?: string | null;
            /** Title */
            title?: string | null;
            /** Version */
            version: number;
        };
        /**
         * AnnouncementIn
         * @description To whom it is addressed is decided now: who joins a department later does not get it.
         */
        AnnouncementIn: {
            audience: components["schemas"]["Audience"];
            /** Body */
            body: string;
            /** Title */
            title: string;
        };
        /**
         * AnnouncementOut
         * @description `read_at` is the caller's own; None also for who is not addressed.
         */
        AnnouncementOut: {
            /**
             * Author Id
             * Format: uuid
             */
            author_id: string;
            /** Author Name */
            author_name: string;
            /** Body */
            body: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Published At
             * Format: date-time
             */
            published_at: string;
            /** Read At */
            read_at: string | null;
            /** Title */
            title: string;
            /** Version */
            version: number;
            /** Withdrawn At */
            withdrawn_at: string | null;
        };
        /**
         * AssignIn
         * @description `to` is the colleague who gets them.
         */
        AssignIn: {
            /** Customer Ids */
            customer_ids: string[];
            /**
             * To
             * Format: uuid
             */
            to: string;
        };
        /**
         * Audience
         * @description Everyone who is in any of these; a department stands for those below it too.
         */
        Audience: {
            /**
             * Department Ids
             * @default []
             */
            department_ids?: string[];
            /**
             * Everybody
             * @default false
             */
            everybody?: boolean;
            /**
             * Post Ids
             * @default []
             */
            post_ids?: string[];
            /**
             * Staff Ids
             * @default []
             */
            staff_ids?: string[];
            /**
             * Store Ids
             * @default []
             */
            store_ids?: string[];
        };
        /**
         * AuditOut
         * @description Who did what to whom; `actor_name` is a colleague's.
         */
        AuditOut: {
            /** Action */
            action: string;
            /** Actor */
            actor: string;
            /** Actor Name */
            actor_name: string | null;
            /** Address */
            address: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Details */
            details: {
                [key: string]: unknown;
            };
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Request Id */
            request_id: string | null;
            /** Subject Id */
            subject_id: string;
            /** Subject Kind */
            subject_kind: string;
        };
        /**
         * BackupOut
         * @description `finished_at` is null while it is made, `error` null when it is good; `rows` are those of all tables.
         */
        BackupOut: {
            /** Audit Head */
            audit_head: string | null;
            /** Error */
            error: string | null;
            /** Files */
            files: number | null;
            /** Finished At */
            finished_at: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Rows */
            rows: number | null;
            /** Size */
            size: number | null;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Tables */
            tables: number | null;
        };
        /**
         * BindingCodeIn
         * @description By default the code is of the first official account that has a notice template, else of the first that sends.
         */
        BindingCodeIn: {
            /** App Id */
            app_id?: string | null;
        };
        /**
         * BindingCodeOut
         * @description `url` stands in the QR code, `picture` shows it (a data URL); whoever scans it first is bound.
         *
         *     `rings`: the account has a notice template, so that notices reach the phone there.
         */
        BindingCodeOut: {
            /** Account */
            account: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /** Picture */
            picture: string;
            /** Rings */
            rings: boolean;
            /** Url */
            url: string;
        };
        /**
         * BindingOut
         * @description An identity in the account of `app_id` that is this colleague.
         */
        BindingOut: {
            /** App Id */
            app_id: string | null;
            /**
             * Bound At
             * Format: date-time
             */
            bound_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
        };
        /** BindingsOut */
        BindingsOut: {
            /** Items */
            items: components["schemas"]["BindingOut"][];
        };
        /**
         * Birthdays
         * @description Birthdays from one day of the year to another (also across New Year), or today and the next days.
         */
        Birthdays: {
            /** Next Days */
            next_days?: number | null;
            /** Since */
            since?: string | null;
            /** Until */
            until?: string | null;
        };
        /**
         * BlockOut
         * @description `wanted`: blacklisted, otherwise being let go; `synced`: the platform knows, with an `error` it refused.
         */
        BlockOut: {
            /** App Id */
            app_id: string;
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            /** Changed By */
            changed_by: string;
            /**
             * Customer Id
             * Format: uuid
             */
            customer_id: string;
            /** Error */
            error: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Synced */
            synced: boolean;
            /** Wanted */
            wanted: boolean;
        };
        /**
         * CandidateOut
         * @description Two customers who may be one person, and why.
         */
        CandidateOut: {
            /**
             * Found At
             * Format: date-time
             */
            found_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            one: components["schemas"]["SideOut"];
            other: components["schemas"]["SideOut"];
            /** Reason */
            reason: string;
            state: components["schemas"]["CandidateState"];
        };
        /**
         * CandidateState
         * @description A suggestion that two customers are one person.
         * @enum {string}
         */
        CandidateState: "open" | "merged" | "dismissed";
        /**
         * ChainOut
         * @description `rows` are in the chain, `waiting` get their place within seconds; `head` can be kept elsewhere as an anchor.
         *
         *     `intact`, `fault` and `place` (the first broken one) tell of the places after `checked_since`, checked just now;
         *     `last_check` is that of the whole log, done each day.
         */
        ChainOut: {
            /** Checked Since */
            checked_since: number;
            /** Fault */
            fault: string | null;
            /** Head */
            head: string;
            /** Intact */
            intact: boolean;
            last_check: components["schemas"]["CheckOut"] | null;
            /** Place */
            place: string | null;
            /** Rows */
            rows: number;
            /** Waiting */
            waiting: number;
        };
        /**
         * ChannelStoreOut
         * @description An open store in the omnichannel view, with its standing codes.
         */
        ChannelStoreOut: {
            /** Address */
            address: string;
            /** Codes */
            codes: components["schemas"]["StoreCodeOut"][];
            /** Hours */
            hours: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Phone */
            phone: string;
            /** Picture Url */
            picture_url: string | null;
        };
        /**
         * CheckOut
         * @description The last check of the whole log.
         */
        CheckOut: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** By */
            by: string;
            /** Fault */
            fault: string | null;
            /** Place */
            place: string | null;
            /** Rows */
            rows: number;
        };
        /**
         * ClaimedOut
         * @description `claims_left` of this business day.
         */
        ClaimedOut: {
            /**
             * Act Id
             * Format: uuid
             */
            act_id: string;
            /** Claims Left */
            claims_left: number;
            /** Customers */
            customers: number;
        };
        /**
         * ClaimsOut
         * @description How many customers one claim takes, how many claims there are on a business day, how many are used today.
         */
        ClaimsOut: {
            /** Daily */
            daily: number;
            /** Size */
            size: number;
            /** Used */
            used: number;
        };
        /**
         * CodeBatchIn
         * @description One code for every open store, guide at work, or channel.
         */
        CodeBatchIn: {
            /** App Id */
            app_id: string;
            /** Ends At */
            ends_at?: string | null;
            kind: components["schemas"]["TargetKind"];
            /** @default permanent */
            life?: components["schemas"]["Life"];
            /** Name */
            name: string;
            /** Page */
            page?: string | null;
            /** Starts At */
            starts_at?: string | null;
        };
        /** CodeBatchMade */
        CodeBatchMade: {
            /** Count */
            count: number;
            /**
             * Id
             * Format: uuid
             */
            id: string;
        };
        /**
         * CodeBatchOut
         * @description How far the platform has come with a batch.
         */
        CodeBatchOut: {
            /** Count */
            count: number;
            /** Failed */
            failed: number;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Issued */
            issued: number;
            /** Name */
            name: string | null;
            /** Pending */
            pending: number;
        };
        /**
         * CodeChange
         * @description What is left out stays as it is; null takes it away.
         */
        CodeChange: {
            /** Ends At */
            ends_at?: string | null;
            /** Name */
            name?: string | null;
            /** Starts At */
            starts_at?: string | null;
        };
        /**
         * CodeNumbersOut
         * @description What colleagues did is left out. `first` and `last` are business days, both included.
         *
         *     `scans` by followers, first-touch `follows`, `losses` (those of them who follow no more), `re_follows` of others.
         */
        CodeNumbersOut: {
            /** First */
            first: string | null;
            /** Follows */
            follows: number;
            /** Last */
            last: string | null;
            /** Losses */
            losses: number;
            /** Re Follows */
            re_follows: number;
            /** Scans */
            scans: number;
        };
        /**
         * CodeOut
         * @description `url` is what the QR holds; `png` and `poster` are paths of ours.
         *
         *     `standing`: the one every guide, store and channel has. `expires_at`: when the present ticket of a temporary code
         *     ends; it is renewed before.
         */
        CodeOut: {
            /** Account */
            account: string;
            account_kind: components["schemas"]["Kind"];
            /** App Id */
            app_id: string;
            /** Batch Id */
            batch_id: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Ends At */
            ends_at: string | null;
            /** Expires At */
            expires_at: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["TargetKind"];
            life: components["schemas"]["Life"];
            /** Name */
            name: string | null;
            /** Page */
            page: string | null;
            /** Png */
            png: string;
            /** Poster */
            poster: string;
            /** Standing */
            standing: boolean;
            /** Starts At */
            starts_at: string | null;
            state: components["schemas"]["CodeState"];
            /** Stopped At */
            stopped_at: string | null;
            /** Target */
            target: string;
            /**
             * Target Id
             * Format: uuid
             */
            target_id: string;
            /** Ticket */
            ticket: string | null;
            /** Url */
            url: string | null;
        };
        /**
         * CodeRankOut
         * @description One line of the ranking of codes.
         */
        CodeRankOut: {
            /** App Id */
            app_id: string;
            /** Follows */
            follows: number;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["TargetKind"];
            /** Losses */
            losses: number;
            /** Name */
            name: string | null;
            /** Re Follows */
            re_follows: number;
            /** Scans */
            scans: number;
            /** Target */
            target: string;
            /**
             * Target Id
             * Format: uuid
             */
            target_id: string;
        };
        /**
         * CodeState
         * @description It waits for the platform, has been issued, or was given up.
         * @enum {string}
         */
        CodeState: "pending" | "issued" | "failed";
        /**
         * ConsentOut
         * @description One line of the ledger; of each purpose the newest by `occurred_at` stands.
         */
        ConsentOut: {
            /** Door */
            door: string;
            /** Given */
            given: boolean;
            /**
             * Occurred At
             * Format: date-time
             */
            occurred_at: string;
            /** Purpose */
            purpose: string;
            /** Version */
            version: number;
        };
        /**
         * ConsentTextIn
         * @description The next version of what people are asked to agree to; it never changes again. `version` is the one before.
         */
        ConsentTextIn: {
            /** Body */
            body: string;
            /** Purpose */
            purpose: string;
            /**
             * Version
             * @default 0
             */
            version?: number;
        };
        /**
         * ConsentTextOut
         * @description One published version.
         */
        ConsentTextOut: {
            /** Body */
            body: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Published At
             * Format: date-time
             */
            published_at: string;
            /** Purpose */
            purpose: string;
            /** Version */
            version: number;
        };
        /**
         * ContactKind
         * @enum {string}
         */
        ContactKind: "follow" | "scan" | "unfollow" | "message";
        /**
         * ContactPersonChange
         * @description What is left out stays as it is, null takes it away. `is_main` is taken away by giving it to another one.
         */
        ContactPersonChange: {
            /** Birth Year */
            birth_year?: number | null;
            /** Birthday */
            birthday?: string | null;
            /**
             * Custom
             * @description By field id; null takes a value away
             */
            custom?: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /** Department */
            department?: string | null;
            /** Email */
            email?: string | null;
            gender?: components["schemas"]["Gender"] | null;
            /** Hobbies */
            hobbies?: string | null;
            /**
             * Is Main
             * @default false
             */
            is_main?: boolean;
            /** Name */
            name?: string | null;
            phones?: components["schemas"]["PhonesIn"];
            /** Post */
            post?: string | null;
            /** Remark */
            remark?: string | null;
            /** Responsible Id */
            responsible_id?: string | null;
            /** Superior Id */
            superior_id?: string | null;
            /** Version */
            version: number;
        };
        /**
         * ContactPersonIn
         * @description A person to talk to; the first one is the main contact, or whoever is made it.
         */
        ContactPersonIn: {
            /** Birth Year */
            birth_year?: number | null;
            /** Birthday */
            birthday?: string | null;
            /**
             * Custom
             * @description By field id; null takes a value away
             */
            custom?: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /** Department */
            department?: string | null;
            /** Email */
            email?: string | null;
            gender?: components["schemas"]["Gender"] | null;
            /** Hobbies */
            hobbies?: string | null;
            /**
             * Is Main
             * @default false
             */
            is_main?: boolean;
            /** Name */
            name: string;
            phones?: components["schemas"]["PhonesIn"];
            /** Post */
            post?: string | null;
            /** Remark */
            remark?: string | null;
            /** Responsible Id */
            responsible_id?: string | null;
            /** Superior Id */
            superior_id?: string | null;
        };
        /**
         * ContactPersonOut
         * @description E-mail and numbers of others' customers' people are masked (AT-14); `age` in full years.
         */
        ContactPersonOut: {
            /** Age */
            age: number | null;
            /** Birth Year */
            birth_year: number | null;
            /** Birthday */
            birthday: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Custom */
            custom: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /**
             * Customer Id
             * Format: uuid
             */
            customer_id: string;
            /** Department */
            department: string | null;
            /** Email */
            email: string | null;
            gender: components["schemas"]["Gender"] | null;
            /** Hobbies */
            hobbies: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Is Main */
            is_main: boolean;
            /** Name */
            name: string;
            /** Phones */
            phones: components["schemas"]["PhoneOut"][];
            /** Post */
            post: string | null;
            /** Remark */
            remark: string | null;
            /** Responsible */
            responsible: string | null;
            /** Responsible Department */
            responsible_department: string | null;
            /** Responsible Id */
            responsible_id: string | null;
            /** Superior Id */
            superior_id: string | null;
            /** Version */
            version: number;
        };
        /**
         * CreditIn
         * @description `limit` in fen.
         */
        CreditIn: {
            /** Grade */
            grade: string | null;
            /** Limit */
            limit: number | null;
            /**
             * Version
             * @description The one that was changed; 0: there is no record yet
             */
            version: number;
        };
        /**
         * CustomerChange
         * @description What is left out stays as it is, null takes it away. `version` is the one that was changed.
         *
         *     `confirm`: it is somebody else than the customers with a mobile that is entered, and another name.
         */
        CustomerChange: {
            /** Address */
            address?: string | null;
            /** Birthday */
            birthday?: string | null;
            /** City */
            city?: string | null;
            /**
             * Confirm
             * @default false
             */
            confirm?: boolean;
            /**
             * Custom
             * @description By field id; null takes a value away
             */
            custom?: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /** Email */
            email?: string | null;
            gender?: components["schemas"]["Gender"] | null;
            /** Home Page */
            home_page?: string | null;
            /** Industry */
            industry?: string | null;
            /** Level */
            level?: string | null;
            /** Mnemonic */
            mnemonic?: string | null;
            /** Name */
            name?: string | null;
            nature?: components["schemas"]["Nature"] | null;
            /** Parent Unit Id */
            parent_unit_id?: string | null;
            party?: components["schemas"]["Party"] | null;
            phones?: components["schemas"]["PhonesIn"];
            position?: components["schemas"]["PositionIn"] | null;
            /** Postcode */
            postcode?: string | null;
            /** Province */
            province?: string | null;
            /** Registered At */
            registered_at?: string | null;
            /** Remark */
            remark?: string | null;
            status?: components["schemas"]["Status"] | null;
            /**
             * Version
             * @description The one that was changed; 0: there is no record yet
             */
            version: number;
        };
        /**
         * CustomerCopyIn
         * @description What the new record has of its own; see the route for what is taken over.
         */
        CustomerCopyIn: {
            /**
             * Confirm
             * @default false
             */
            confirm?: boolean;
            /** Name */
            name: string;
            phones?: components["schemas"]["PhonesIn"];
        };
        /**
         * CustomerFilters
         * @description All that is given must be so. Whoever was merged into another is never found, the trash only when asked for.
         *
         *     `q`: part of a name (the customer's or a contact person's, or the mnemonic); a whole number of a phone, the last
         *     four digits of a mobile, the customer's number, or a card or key. `place`: without it, whoever isn't in the trash.
         *     `first_…`: what the first touch is credited to. `last_record`: when somebody last had business with the customer, or
         *     the owner got it. A department counts with those below it.
         */
        CustomerFilters: {
            birthday?: components["schemas"]["Birthdays"] | null;
            /** Cities */
            cities?: string[] | null;
            created?: components["schemas"]["Days"] | null;
            /** Department Id */
            department_id?: string | null;
            /** Doors */
            doors?: components["schemas"]["Door"][] | null;
            /** Fields */
            fields?: components["schemas"]["FieldCondition"][] | null;
            /** First Channel Id */
            first_channel_id?: string | null;
            /** First Code Id */
            first_code_id?: string | null;
            /** First Store Id */
            first_store_id?: string | null;
            first_touch?: components["schemas"]["Days"] | null;
            followed_up?: components["schemas"]["Days"] | null;
            /** Following */
            following?: boolean | null;
            /** Has Phone */
            has_phone?: boolean | null;
            /** Industries */
            industries?: string[] | null;
            last_record?: components["schemas"]["Days"] | null;
            /** Levels */
            levels?: string[] | null;
            /** Natures */
            natures?: components["schemas"]["Nature"][] | null;
            next_contact?: components["schemas"]["Days"] | null;
            /** Owner Ids */
            owner_ids?: string[] | null;
            /** Parties */
            parties?: components["schemas"]["Party"][] | null;
            place?: components["schemas"]["Place"] | null;
            /** Provinces */
            provinces?: string[] | null;
            /** Q */
            q?: string | null;
            registered?: components["schemas"]["Days"] | null;
            /** Stages */
            stages?: components["schemas"]["Stage"][] | null;
            /** Statuses */
            statuses?: components["schemas"]["Status"][] | null;
            /** Store Id */
            store_id?: string | null;
            /** Tags All */
            tags_all?: string[] | null;
            /** Tags Any */
            tags_any?: string[] | null;
            /** Tags None */
            tags_none?: string[] | null;
        };
        /** CustomerIdsIn */
        CustomerIdsIn: {
            /** Customer Ids */
            customer_ids: string[];
        };
        /**
         * CustomerIn
         * @description A new customer of the caller, or of `owner_id` (needs `customers:assign`).
         *
         *     `confirm`: it is somebody else than the customers with the same mobile and another name.
         */
        CustomerIn: {
            /** Address */
            address?: string | null;
            /** Birthday */
            birthday?: string | null;
            /** City */
            city?: string | null;
            /**
             * Confirm
             * @default false
             */
            confirm?: boolean;
            /**
             * Custom
             * @description By field id; null takes a value away
             */
            custom?: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /** Email */
            email?: string | null;
            gender?: components["schemas"]["Gender"] | null;
            /** Home Page */
            home_page?: string | null;
            /** Industry */
            industry?: string | null;
            /** Level */
            level?: string | null;
            /** Mnemonic */
            mnemonic?: string | null;
            /** Name */
            name: string;
            nature?: components["schemas"]["Nature"] | null;
            /** Owner Id */
            owner_id?: string | null;
            /** Parent Unit Id */
            parent_unit_id?: string | null;
            party?: components["schemas"]["Party"] | null;
            phones?: components["schemas"]["PhonesIn"];
            position?: components["schemas"]["PositionIn"] | null;
            /** Postcode */
            postcode?: string | null;
            /** Province */
            province?: string | null;
            /** Registered At */
            registered_at?: string | null;
            /** Remark */
            remark?: string | null;
            status?: components["schemas"]["Status"] | null;
        };
        /**
         * CustomerOut
         * @description A record. E-mail addresses of others' customers are masked; in the pool there are none.
         *
         *     `sources` says of each field (custom ones as `custom.<id>`) which door gave it. `credit_limit` is in fen.
         */
        CustomerOut: {
            /** Address */
            address: string | null;
            /** Birthday */
            birthday: string | null;
            /** City */
            city: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Credit Grade */
            credit_grade: string | null;
            /** Credit Limit */
            credit_limit: number | null;
            /** Custom */
            custom: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /** Email */
            email: string | null;
            /** Following */
            following: boolean;
            gender: components["schemas"]["Gender"] | null;
            /** Home Page */
            home_page: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Industry */
            industry: string | null;
            /** Level */
            level: string | null;
            /** Mnemonic */
            mnemonic: string | null;
            /** Name */
            name: string | null;
            nature: components["schemas"]["Nature"];
            /** Number */
            number: number;
            owner: components["schemas"]["OwnerOut"] | null;
            /** Parent Unit */
            parent_unit: string | null;
            /** Parent Unit Id */
            parent_unit_id: string | null;
            party: components["schemas"]["Party"];
            /** Phones */
            phones: components["schemas"]["PhoneOut"][];
            place: components["schemas"]["Place"];
            position: components["schemas"]["PositionOut"] | null;
            /** Postcode */
            postcode: string | null;
            /** Province */
            province: string | null;
            /** Registered At */
            registered_at: string | null;
            /** Remark */
            remark: string | null;
            /** Sources */
            sources: {
                [key: string]: components["schemas"]["SourceOut"];
            };
            stage: components["schemas"]["Stage"];
            status: components["schemas"]["Status"];
            /** Updated At */
            updated_at: string | null;
            /** Version */
            version: number;
        };
        /**
         * CustomerRowOut
         * @description A customer in a list; `custom` has the custom fields that are listed, by field id.
         */
        CustomerRowOut: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Custom */
            custom: {
                [key: string]: unknown;
            };
            /** Followed Up At */
            followed_up_at: string | null;
            /** Following */
            following: boolean;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Last Record At */
            last_record_at: string | null;
            /** Level */
            level: string | null;
            /** Name */
            name: string | null;
            nature: components["schemas"]["Nature"];
            /** Next Contact At */
            next_contact_at: string | null;
            /** Number */
            number: number;
            /** Owner */
            owner: string | null;
            /** Owner Id */
            owner_id: string | null;
            party: components["schemas"]["Party"];
            /** Phones */
            phones: components["schemas"]["PhoneOut"][];
            place: components["schemas"]["Place"];
            stage: components["schemas"]["Stage"];
            status: components["schemas"]["Status"];
            /** Tags */
            tags: components["schemas"]["WornTagOut"][];
        };
        /**
         * CustomerTagOut
         * @description `by` is who gave it; None: a rule.
         */
        CustomerTagOut: {
            /**
             * Added At
             * Format: date-time
             */
            added_at: string;
            /** By */
            by: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["TagKind"];
            /** Name */
            name: string;
        };
        /**
         * CustomersOut
         * @description A page; `total` counts all that match, when asked for. `more`: there are more than that.
         */
        CustomersOut: {
            /** Items */
            items: components["schemas"]["CustomerRowOut"][];
            /**
             * More
             * @default false
             */
            more?: boolean;
            /** Next */
            next: string | null;
            /** Total */
            total?: number | null;
        };
        /**
         * Datum
         * @enum {string}
         */
        Datum: "wgs84" | "gcj02";
        /**
         * Days
         * @description From one business day to another, both included, fixed or counted from today; open where nothing is given.
         *
         *     `or_never`: also whoever has no such date.
         */
        Days: {
            /**
             * Or Never
             * @default false
             */
            or_never?: boolean;
            /** Since */
            since?: string | null;
            /** Since Days */
            since_days?: number | null;
            /** Until */
            until?: string | null;
            /** Until Days */
            until_days?: number | null;
        };
        /**
         * Decision
         * @description Words that replace one another: the latest stands; of two of one moment the one further down here.
         * @enum {string}
         */
        Decision: "accepted" | "rejected" | "done";
        /**
         * DepartmentChange
         * @description What is left out stays as it is; null takes the head away.
         */
        DepartmentChange: {
            /** Head Id */
            head_id?: string | null;
            /**
             * Name
             * @default
             */
            name?: string;
        };
        /**
         * DepartmentIn
         * @description Without a parent it stands at the top.
         */
        DepartmentIn: {
            /** Name */
            name: string;
            /** Parent Id */
            parent_id?: string | null;
        };
        /** DepartmentMerge */
        DepartmentMerge: {
            /**
             * Into Id
             * Format: uuid
             */
            into_id: string;
        };
        /** DepartmentMove */
        DepartmentMove: {
            /** Parent Id */
            parent_id: string | null;
        };
        /**
         * DepartmentOrder
         * @description All departments directly below one (null: at the top), in the order wanted.
         */
        DepartmentOrder: {
            /** Ids */
            ids: string[];
            /** Parent Id */
            parent_id: string | null;
        };
        /**
         * DepartmentOut
         * @description `people` haven't left and are in it, `people_below` also in what is below it.
         */
        DepartmentOut: {
            /** Depth */
            depth: number;
            /** Head Id */
            head_id: string | null;
            /** Head Name */
            head_name: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Parent Id */
            parent_id: string | null;
            /** People */
            people: number;
            /** People Below */
            people_below: number;
        };
        /**
         * DisputeOut
         * @description A number that `newcomer` proved after `former`; until it is settled the former's card is held.
         */
        DisputeOut: {
            former: components["schemas"]["SideOut"];
            /**
             * Id
             * Format: uuid
             */
            id: string;
            newcomer: components["schemas"]["SideOut"];
            /** Number */
            number: string;
            /**
             * Opened At
             * Format: date-time
             */
            opened_at: string;
            outcome: components["schemas"]["core__customers__linking__rules__Outcome"] | null;
            proof: components["schemas"]["Proof"] | null;
            /** Settled At */
            settled_at: string | null;
        };
        /** DoctorOut */
        DoctorOut: {
            /** Items */
            items: components["schemas"]["FindingOut"][];
        };
        /**
         * Door
         * @description Where somebody or something about somebody came in.
         * @enum {string}
         */
        Door: "follow" | "mini_program" | "wechat_phone" | "sms" | "counter" | "pos" | "import" | "staff";
        /**
         * Ended
         * @description How many sessions ended.
         */
        Ended: {
            /** Sessions */
            sessions: number;
        };
        /**
         * ErasureKind
         * @description Why a person is forgotten: left without being a member, or asked for it.
         * @enum {string}
         */
        ErasureKind: "unfollow" | "request";
        /**
         * ErasureOut
         * @description A person is to be forgotten at `due_at`, was at `done_at`, or stays known (`cancelled_at`).
         */
        ErasureOut: {
            /**
             * Asked At
             * Format: date-time
             */
            asked_at: string;
            /** Cancelled At */
            cancelled_at: string | null;
            /** Done At */
            done_at: string | null;
            /**
             * Due At
             * Format: date-time
             */
            due_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["ErasureKind"];
        };
        /** Error */
        Error: {
            /** Code */
            code: string;
            /** Details */
            details: {
                [key: string]: unknown;
            };
            /** Message */
            message: string;
            /** Request Id */
            request_id: string | null;
        };
        /**
         * ErrorBody
         * @description The body of every error.
         */
        ErrorBody: {
            error: components["schemas"]["Error"];
        };
        /**
         * ExportIn
         * @description Which customers, of those in reach; `columns` (all when left out) in this order.
         *
         *     `unmask` gives the numbers of others' customers in full, to who may see them so (customers:unmask).
         */
        ExportIn: {
            /** Columns */
            columns?: string[] | null;
            /** @default {} */
            filters?: components["schemas"]["CustomerFilters"];
            /** @default csv */
            format?: components["schemas"]["TableFormat"];
            /**
             * Unmask
             * @default false
             */
            unmask?: boolean;
        };
        /** FanDetailOut */
        FanDetailOut: {
            first_touch: components["schemas"]["TouchOut"] | null;
            /** Following */
            following: boolean;
            /** Guide */
            guide: string | null;
            /** Guide Id */
            guide_id: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Identities */
            identities: components["schemas"]["IdentityOut"][];
            last_touch: components["schemas"]["TouchOut"] | null;
            /** Timeline */
            timeline: string;
            /** Touches */
            touches: number;
        };
        /**
         * FanOut
         * @description `brought_by` is the guide credited with the first touch; `guide_id` looks after the fan now.
         */
        FanOut: {
            /** Brought By */
            brought_by: string | null;
            /** Channel Id */
            channel_id: string | null;
            /** Code Id */
            code_id: string | null;
            /** First Touch At */
            first_touch_at: string | null;
            /** Following */
            following: boolean;
            /** Guide Id */
            guide_id: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Last Seen At
             * Format: date-time
             */
            last_seen_at: string;
            /** Last Touch At */
            last_touch_at: string | null;
            /** Store Id */
            store_id: string | null;
            /** Talked At */
            talked_at: string | null;
        };
        /**
         * FieldChange
         * @description What is left out stays as it is; null takes help and length away. Options left out of `options` are retired.
         */
        FieldChange: {
            /** Help */
            help?: string | null;
            /** @default line */
            kind?: components["schemas"]["FieldKind"];
            /**
             * Listed
             * @default false
             */
            listed?: boolean;
            /** Max Length */
            max_length?: number | null;
            /**
             * Name
             * @default
             */
            name?: string;
            /** Options */
            options?: components["schemas"]["OptionIn"][];
            /**
             * Required
             * @default false
             */
            required?: boolean;
            /**
             * Searchable
             * @default false
             */
            searchable?: boolean;
            /**
             * Unique
             * @default false
             */
            unique?: boolean;
            /** Version */
            version: number;
        };
        /**
         * FieldCondition
         * @description What a custom field holds: one of these values or options, these words, a number, a day. All that is given.
         */
        FieldCondition: {
            /** Any Of */
            any_of?: string[] | null;
            /** Contains */
            contains?: string | null;
            days?: components["schemas"]["Days"] | null;
            /**
             * Field Id
             * Format: uuid
             */
            field_id: string;
            /** Least */
            least?: number | null;
            /** Most */
            most?: number | null;
        };
        /**
         * FieldIn
         * @description `max_length` is for lines and texts, `options` for option fields, `unique` for lines, numbers and dates.
         */
        FieldIn: {
            /** Help */
            help?: string | null;
            kind: components["schemas"]["FieldKind"];
            /**
             * Listed
             * @default false
             */
            listed?: boolean;
            /** Max Length */
            max_length?: number | null;
            /** Name */
            name: string;
            /** Options */
            options?: components["schemas"]["OptionIn"][];
            /**
             * Required
             * @default false
             */
            required?: boolean;
            /**
             * Searchable
             * @default false
             */
            searchable?: boolean;
            subject: components["schemas"]["Subject"];
            /**
             * Unique
             * @default false
             */
            unique?: boolean;
        };
        /**
         * FieldKind
         * @description What a field takes; the types of AT-78.
         * @enum {string}
         */
        FieldKind: "line" | "text" | "option" | "options" | "number" | "date" | "address";
        /**
         * FieldOrder
         * @description All fields of the subject, in the order wanted.
         */
        FieldOrder: {
            /** Ids */
            ids: string[];
        };
        /**
         * FileOut
         * @description Links are paths at this origin, open the file without a session, and end at `links_expire_at`: ask again then.
         *
         *     `size` in bytes; width and height in pixels, as a picture is seen. `thumbnail_url`: 360 pixels at most, WebP.
         */
        FileOut: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Height */
            height: number | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Links Expire At
             * Format: date-time
             */
            links_expire_at: string;
            /** Media Type */
            media_type: string;
            /** Name */
            name: string;
            /** Purpose */
            purpose: string;
            /** Size */
            size: number;
            /** Thumbnail Url */
            thumbnail_url: string | null;
            /** Url */
            url: string;
            /** Width */
            width: number | null;
        };
        /**
         * FindingOut
         * @description `name` is a stable code; `words` say what is so and `hint` what to do about it, in Chinese.
         */
        FindingOut: {
            /** Hint */
            hint: string;
            /** Name */
            name: string;
            verdict: components["schemas"]["Verdict"];
            /** Words */
            words: string;
        };
        /**
         * FollowUpIn
         * @description `occurred_at` is when the contact was (a phone sends it later when it was offline), now if not given.
         *
         *     `task_id` is one of the own tasks, `files` were uploaded by oneself as attachments. What was agreed:
         *     `next_contact_at`, and `order_due_on`, the day until which an order will come.
         */
        FollowUpIn: {
            /** Body */
            body?: string | null;
            /** Contact Person Id */
            contact_person_id?: string | null;
            /**
             * File Ids
             * @default []
             */
            file_ids?: string[];
            kind: components["schemas"]["FollowUpKind"];
            /** Next Contact At */
            next_contact_at?: string | null;
            /** Occurred At */
            occurred_at?: string | null;
            /** Order Due On */
            order_due_on?: string | null;
            /** Task Id */
            task_id?: string | null;
        };
        /**
         * FollowUpKind
         * @description How a colleague was in touch (F-08).
         * @enum {string}
         */
        FollowUpKind: "phone" | "wechat" | "visit" | "meeting" | "email" | "other";
        /**
         * FollowUpOut
         * @description `contact_person` is the person talked to. In `body`, numbers are masked for everyone but the customer's owner.
         */
        FollowUpOut: {
            /** Author */
            author: string;
            /** Body */
            body: string | null;
            /** Contact Person */
            contact_person: string | null;
            /** Contact Person Id */
            contact_person_id: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Customer Id
             * Format: uuid
             */
            customer_id: string;
            /** Files */
            files: components["schemas"]["FileOut"][];
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["FollowUpKind"];
            /** Next Contact At */
            next_contact_at: string | null;
            /**
             * Occurred At
             * Format: date-time
             */
            occurred_at: string;
            /** Order Due On */
            order_due_on: string | null;
            /**
             * Staff Id
             * Format: uuid
             */
            staff_id: string;
            /** Task Id */
            task_id: string | null;
        };
        /**
         * FoundOut
         * @description Somebody who is there already; `id` only in the caller's reach. `owner` is None in the pool and of fans.
         */
        FoundOut: {
            /** Department */
            department: string | null;
            /** Id */
            id: string | null;
            /** Name */
            name: string | null;
            nature: components["schemas"]["Nature"];
            /** Owner */
            owner: string | null;
            place: components["schemas"]["Place"];
        };
        /**
         * Gender
         * @enum {string}
         */
        Gender: "male" | "female";
        /** GuideIn */
        GuideIn: {
            /**
             * Department Id
             * Format: uuid
             */
            department_id: string;
            /** Name */
            name: string;
            /** Password */
            password: string;
            /**
             * Post Id
             * Format: uuid
             */
            post_id: string;
            /**
             * Store Id
             * Format: uuid
             */
            store_id: string;
            /** Username */
            username: string;
        };
        /** GuideOut */
        GuideOut: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Left At */
            left_at: string | null;
            /** Name */
            name: string;
            /**
             * Store Id
             * Format: uuid
             */
            store_id: string;
            /** Username */
            username: string;
        };
        /**
         * HandOverIn
         * @description `to` gets all, or only the `parts` named.
         */
        HandOverIn: {
            /** Parts */
            parts?: string[] | null;
            /**
             * Reason
             * @default
             */
            reason?: string;
            /**
             * To
             * Format: uuid
             */
            to: string;
        };
        /**
         * HandOverOut
         * @description `parts`: how much of each kind went from one to the other; `made_by` is who did it (`staff:<id>`).
         */
        HandOverOut: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Made At
             * Format: date-time
             */
            made_at: string;
            /** Made By */
            made_by: string;
            /** Parts */
            parts: {
                [key: string]: number;
            };
            /** Reason */
            reason: string;
            /** Source */
            source: string;
            /**
             * Source Id
             * Format: uuid
             */
            source_id: string;
            /** Target */
            target: string;
            /**
             * Target Id
             * Format: uuid
             */
            target_id: string;
        };
        /**
         * HeadersIn
         * @description A table that the caller uploaded with the purpose `table`.
         */
        HeadersIn: {
            /**
             * File Id
             * Format: uuid
             */
            file_id: string;
        };
        /**
         * HeadersOut
         * @description `mapping` has a field or null for each column, as the same headers were mapped before, or as they are called.
         */
        HeadersOut: {
            /** Fields */
            fields: components["schemas"]["core__customers__imports__schemas__FieldOut"][];
            /** Headers */
            headers: string[];
            /** Mapping */
            mapping: (string | null)[];
            /** Remembered */
            remembered: boolean;
            /** Rows */
            rows: string[][];
        };
        /** Health */
        Health: {
            /** Status */
            status: string;
        };
        /**
         * HeldOut
         * @description What a colleague holds of one kind; `name` is what `parts` take.
         */
        HeldOut: {
            /** Count */
            count: number;
            /** Name */
            name: string;
            /** Title */
            title: string;
        };
        /**
         * IdentityOut
         * @description The fan in one account; `window_until` is the end of an open window for customer messages.
         */
        IdentityOut: {
            /** Account */
            account: string;
            /** App Id */
            app_id: string;
            /** Blocked */
            blocked: boolean;
            /** Followed At */
            followed_at: string | null;
            /** Following */
            following: boolean;
            /** Has Unionid */
            has_unionid: boolean;
            /** Labels */
            labels: components["schemas"]["LabelRefOut"][];
            /**
             * Last Seen At
             * Format: date-time
             */
            last_seen_at: string;
            /** Subscribe Scene */
            subscribe_scene: string | null;
            /** Talked At */
            talked_at: string | null;
            /** Window Until */
            window_until: string | null;
        };
        /**
         * ImageChange
         * @description What is left out stays as it is; `version` is the one that was seen.
         */
        ImageChange: {
            /**
             * Tags
             * @default []
             */
            tags?: string[];
            /**
             * Title
             * @default
             */
            title?: string;
            /** Version */
            version: number;
        };
        /**
         * ImageIn
         * @description A picture that the caller uploaded with the purpose `image`.
         */
        ImageIn: {
            /**
             * File Id
             * Format: uuid
             */
            file_id: string;
            /**
             * Tags
             * @default []
             */
            tags?: string[];
            /** Title */
            title: string;
        };
        /** ImageOut */
        ImageOut: {
            /**
             * Added By Id
             * Format: uuid
             */
            added_by_id: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            file: components["schemas"]["FileOut"];
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Tags */
            tags: string[];
            /** Title */
            title: string;
            /** Version */
            version: number;
        };
        /**
         * ImportIn
         * @description `mapping` names a field or null for each column of the table.
         */
        ImportIn: {
            consent?: components["schemas"]["core__customers__imports__schemas__ConsentIn"] | null;
            /**
             * Dry Run
             * @default true
             */
            dry_run?: boolean;
            /**
             * File Id
             * Format: uuid
             */
            file_id: string;
            /** @default own */
            into?: components["schemas"]["Into"];
            /** Mapping */
            mapping: (string | null)[];
            /** @default refuse */
            on_possible_duplicate?: components["schemas"]["OnPossibleDuplicate"];
            /**
             * Tag Ids
             * @default []
             */
            tag_ids?: string[];
        };
        /**
         * ImportState
         * @enum {string}
         */
        ImportState: "waiting" | "running" | "done" | "failed" | "cancelled";
        /**
         * Into
         * @description Whose the new customers are: the importer's, the public pool's, or whose the owner column says.
         * @enum {string}
         */
        Into: "own" | "pool" | "column";
        /**
         * IssuedOut
         * @description The same for who looks after it: to whom, how many they are, how many have read this version.
         */
        IssuedOut: {
            audience: components["schemas"]["Audience"];
            /**
             * Author Id
             * Format: uuid
             */
            author_id: string;
            /** Author Name */
            author_name: string;
            /** Body */
            body: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Published At
             * Format: date-time
             */
            published_at: string;
            /** Read */
            read: number;
            /** Read At */
            read_at: string | null;
            /** Readers */
            readers: number;
            /** Title */
            title: string;
            /** Version */
            version: number;
            /** Withdrawn At */
            withdrawn_at: string | null;
        };
        JsonValue: unknown;
        /**
         * Kind
         * @enum {string}
         */
        Kind: "official" | "mini";
        /** KindOut */
        KindOut: {
            /** Kind */
            kind: string;
            /** Muted */
            muted: boolean;
            /** Title */
            title: string;
        };
        /** LabelChange */
        LabelChange: {
            /** Name */
            name: string;
        };
        /** LabelCountOut */
        LabelCountOut: {
            /** Fans */
            fans: number;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["LabelKind"];
            /** Name */
            name: string;
        };
        /**
         * LabelIdsIn
         * @description At most one group per account.
         */
        LabelIdsIn: {
            /** Label Ids */
            label_ids: string[];
        };
        /** LabelIn */
        LabelIn: {
            /** App Id */
            app_id: string;
            /** @default tag */
            kind?: components["schemas"]["LabelKind"];
            /** Name */
            name: string;
        };
        /**
         * LabelKind
         * @description A fan carries many tags and is in one group at most; the platform knows both as tags.
         * @enum {string}
         */
        LabelKind: "tag" | "group";
        /**
         * LabelOut
         * @description `fans` carry it here; `synced`: the platform knows it by this name, otherwise `error` may say why not.
         */
        LabelOut: {
            /** App Id */
            app_id: string;
            /** Error */
            error: string | null;
            /** Fans */
            fans: number;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["LabelKind"];
            /** Name */
            name: string;
            /** Synced */
            synced: boolean;
        };
        /**
         * LabelRefOut
         * @description `synced`: the platform knows it.
         */
        LabelRefOut: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["LabelKind"];
            /** Name */
            name: string;
            /** Synced */
            synced: boolean;
        };
        /**
         * LabelledOut
         * @description `left_out` are unknown to the label's account.
         */
        LabelledOut: {
            /** Labelled */
            labelled: number;
            /** Left Out */
            left_out: number;
        };
        /**
         * Layout
         * @description How a role sees a customer (K-08): everything to sell with, what service needs, totals for management.
         * @enum {string}
         */
        Layout: "sales" | "service" | "management";
        /**
         * LeaveIn
         * @description With `hand_over_to`, that colleague gets everything (or the `parts` named) in the same step.
         */
        LeaveIn: {
            /** Hand Over To */
            hand_over_to?: string | null;
            /** Parts */
            parts?: string[] | null;
            /**
             * Reason
             * @default
             */
            reason?: string;
        };
        /**
         * Life
         * @description Permanent ones are scarce; temporary ones are renewed before they end (wechat-platform §4.1).
         * @enum {string}
         */
        Life: "permanent" | "temporary";
        /** ListedOut */
        ListedOut: {
            /** Author Name */
            author_name: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Published At
             * Format: date-time
             */
            published_at: string;
            /** Read At */
            read_at: string | null;
            /** Title */
            title: string;
            /** Version */
            version: number;
            /** Withdrawn At */
            withdrawn_at: string | null;
        };
        /**
         * LoggedIn
         * @description `token` goes into `Authorization: Bearer …` until `expires_at`.
         */
        LoggedIn: {
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            staff: components["schemas"]["StaffOut"];
            /** Token */
            token: string;
        };
        /**
         * LoginIn
         * @description `code` is that of the second factor, for who has one: without it the answer is `second_factor_needed`.
         */
        LoginIn: {
            /** Code */
            code?: string | null;
            /** Password */
            password: string;
            /** Username */
            username: string;
        };
        /**
         * LookupOut
         * @description At most 20, the best first; `more`: there are others, so look for more of the name.
         */
        LookupOut: {
            /** Items */
            items: components["schemas"]["FoundOut"][];
            /** More */
            more: boolean;
        };
        /**
         * MeChange
         * @description What is left out stays as it is; an empty phone or email is none. `version` is the one that was read.
         */
        MeChange: {
            /**
             * Email
             * @default
             */
            email?: string;
            /**
             * Name
             * @default
             */
            name?: string;
            /**
             * Phone
             * @default
             */
            phone?: string;
            /** Version */
            version: number;
        };
        /**
         * MeOut
         * @description The person, and what the person may do. A module none of whose operation points is held is not listed.
         *
         *     `due_first` is the code of what keeps this session from everything else: `password_change_needed`,
         *     `second_factor_setup_needed`, or null.
         */
        MeOut: {
            /**
             * Department Id
             * Format: uuid
             */
            department_id: string;
            /** Disabled At */
            disabled_at: string | null;
            /** Due First */
            due_first: string | null;
            /** Email */
            email: string;
            /** Granted Departments */
            granted_departments: string[];
            /** Has Second Factor */
            has_second_factor: boolean;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Is Guide */
            is_guide: boolean;
            /** Left At */
            left_at: string | null;
            /** Modules */
            modules: string[];
            /** Name */
            name: string;
            /** Phone */
            phone: string;
            /** Points */
            points: string[];
            /**
             * Post Id
             * Format: uuid
             */
            post_id: string;
            /** Role */
            role: string;
            /**
             * Role Id
             * Format: uuid
             */
            role_id: string;
            /** Role Name */
            role_name: string;
            scope: components["schemas"]["Scope"];
            /** Special Rights */
            special_rights: components["schemas"]["SpecialRight"][];
            /** Store Id */
            store_id: string | null;
            /** Username */
            username: string;
            /** Version */
            version: number;
        };
        /**
         * MenuOut
         * @description `content` as the platform gave it (`selfmenu_info` holds the buttons); null when there was no menu.
         */
        MenuOut: {
            /** Content */
            content: {
                [key: string]: unknown;
            } | null;
            /**
             * Read At
             * Format: date-time
             */
            read_at: string;
        };
        /**
         * MergeIn
         * @description `fingerprint` is the preview's: what has changed since is looked at again first.
         */
        MergeIn: {
            /** Fingerprint */
            fingerprint: string;
            /**
             * Source Id
             * Format: uuid
             */
            source_id: string;
        };
        /**
         * MergeOut
         * @description `source_id` became part of `target_id`; `undone_at`: and is a customer of its own again.
         */
        MergeOut: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Merged At
             * Format: date-time
             */
            merged_at: string;
            /** Merged By */
            merged_by: string | null;
            reason: components["schemas"]["MergeReason"];
            /**
             * Source Id
             * Format: uuid
             */
            source_id: string;
            /**
             * Target Id
             * Format: uuid
             */
            target_id: string;
            /** Undone At */
            undone_at: string | null;
        };
        /**
         * MergeReason
         * @description Why customers are one: seen to be by themselves, or by a colleague who looked.
         * @enum {string}
         */
        MergeReason: "unionid" | "key" | "phone" | "by_hand" | "dispute";
        /**
         * MergeWarning
         * @description What a colleague should know before making two customers one.
         * @enum {string}
         */
        MergeWarning: "two_members" | "disputed" | "other_owner" | "other_name" | "business";
        /**
         * MessageOut
         * @description `error` is the platform's errcode, or a word of ours; `source_id` is the notice (or what else it is about).
         *
         *     `result` is what the platform reported later, at `settled_at`.
         */
        MessageOut: {
            /** App Id */
            app_id: string;
            /** Attempts */
            attempts: number;
            channel: components["schemas"]["wechat__outbound__rules__Channel"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Due At
             * Format: date-time
             */
            due_at: string;
            /** Error */
            error: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Result */
            result: string | null;
            /** Sent At */
            sent_at: string | null;
            /** Settled At */
            settled_at: string | null;
            /** Source Id */
            source_id: string | null;
            /** Staff Id */
            staff_id: string | null;
            state: components["schemas"]["State"];
        };
        /**
         * MissingOut
         * @description A tag or custom field (`kind`) that a search asks for or shows, and that was deleted.
         */
        MissingOut: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Kind */
            kind: string;
            /** Name */
            name: string | null;
        };
        /** MobileChangeIn */
        MobileChangeIn: {
            /** Mobile */
            mobile: string;
            /** Reason */
            reason: string;
        };
        /**
         * MobileChangeOut
         * @description `former` is the number to be replaced (None: there was none), both as the caller may see the customer's numbers.
         *
         *     `approved` is None until it is decided.
         */
        MobileChangeOut: {
            /** Approved */
            approved: boolean | null;
            /**
             * Asked At
             * Format: date-time
             */
            asked_at: string;
            /** Asked By */
            asked_by: string;
            /**
             * Asked By Id
             * Format: uuid
             */
            asked_by_id: string;
            /** Customer */
            customer: string | null;
            /**
             * Customer Id
             * Format: uuid
             */
            customer_id: string;
            /** Decided At */
            decided_at: string | null;
            /** Decided By */
            decided_by: string | null;
            /** Former */
            former: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Mobile */
            mobile: string | null;
            /** Reason */
            reason: string;
        };
        /**
         * Mode
         * @description How pushes are encrypted (the platform's 明文、兼容、安全模式).
         * @enum {string}
         */
        Mode: "plain" | "compatible" | "safe";
        /**
         * ModuleOut
         * @description A part of the product; `points` are its operation points.
         */
        ModuleOut: {
            /** Key */
            key: string;
            /** Points */
            points: components["schemas"]["TitledOut"][];
            /** Title */
            title: string;
        };
        /**
         * MoveIn
         * @description All of them, or none.
         */
        MoveIn: {
            /** Customer Ids */
            customer_ids: string[];
        };
        /**
         * MovedOut
         * @description `act_id` names what was done, in the history of each customer; `customers` is how many it was done to.
         */
        MovedOut: {
            /**
             * Act Id
             * Format: uuid
             */
            act_id: string;
            /** Customers */
            customers: number;
        };
        /**
         * MovingOut
         * @description How much of a part would move; what the target has already stays behind.
         */
        MovingOut: {
            /** Name */
            name: string;
            /** Rows */
            rows: number;
            /** Title */
            title: string;
        };
        /**
         * MyTaskOut
         * @description A task as a recipient sees it: nothing of the others.
         */
        MyTaskOut: {
            /** Author */
            author: string;
            /**
             * Author Id
             * Format: uuid
             */
            author_id: string;
            /** Body */
            body: string;
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Deadline */
            deadline: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            mine: components["schemas"]["StandingOut"];
            /** Needs Proof */
            needs_proof: boolean;
            /** Recall Reason */
            recall_reason: string | null;
            /** Recalled At */
            recalled_at: string | null;
            /** Title */
            title: string;
            /** Urgent */
            urgent: boolean;
            /** Version */
            version: number;
        };
        /**
         * MyTasks
         * @description Which of my tasks.
         * @enum {string}
         */
        MyTasks: "open" | "done" | "all";
        /**
         * Nature
         * @enum {string}
         */
        Nature: "person" | "business";
        /**
         * NoticeOut
         * @description `link` is a path of our pages; `delivered_at`: a device or the list showed it, or WeChat brought it.
         */
        NoticeOut: {
            /** Body */
            body: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Delivered At */
            delivered_at: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Kind */
            kind: string;
            /** Link */
            link: string;
            /** Read At */
            read_at: string | null;
            /** Title */
            title: string;
            /** Urgent */
            urgent: boolean;
        };
        /**
         * NoticeSettingsIn
         * @description Quiet hours in business time, past midnight too (none: both null); kinds that stay off WeChat.
         */
        NoticeSettingsIn: {
            /**
             * Muted Kinds
             * @default []
             */
            muted_kinds?: string[];
            /** Quiet From */
            quiet_from?: string | null;
            /** Quiet Until */
            quiet_until?: string | null;
        };
        /**
         * NoticeSettingsOut
         * @description `kinds` are all there are; urgent notices break quiet hours, and nothing is kept from the list.
         */
        NoticeSettingsOut: {
            /** Kinds */
            kinds: components["schemas"]["KindOut"][];
            /** Quiet From */
            quiet_from: string | null;
            /** Quiet Until */
            quiet_until: string | null;
        };
        /**
         * NoticeTemplateIn
         * @description `fields` says what each key of the template shows: title, body, kind, time, or `=` and a fixed text.
         *
         *     `version` 0: there is none yet.
         */
        NoticeTemplateIn: {
            /** Fields */
            fields: {
                [key: string]: string;
            };
            /** Template Id */
            template_id: string;
            /**
             * Version
             * @default 0
             */
            version?: number;
        };
        /**
         * NoticeTemplateOut
         * @description `checked`: the platform was asked just now and knows the template with these keys; null when only read.
         */
        NoticeTemplateOut: {
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            /** Checked */
            checked?: boolean | null;
            /** Fields */
            fields: {
                [key: string]: string;
            };
            /** Template Id */
            template_id: string;
            /** Version */
            version: number;
        };
        /**
         * NumberOut
         * @description A number of a customer, or of the contact person named.
         */
        NumberOut: {
            /** Contact Id */
            contact_id: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            label: components["schemas"]["PhoneLabel"];
            /** Masked */
            masked: boolean;
            /** Text */
            text: string | null;
            /** Verified */
            verified: boolean;
        };
        /**
         * NumbersOut
         * @description A guide's own numbers; `following` counts the fans the guide looks after now.
         */
        NumbersOut: {
            day: components["schemas"]["core__customers__schemas__CountsOut"];
            /** Following */
            following: number;
            month: components["schemas"]["core__customers__schemas__CountsOut"];
            total: components["schemas"]["core__customers__schemas__CountsOut"];
            week: components["schemas"]["core__customers__schemas__CountsOut"];
        };
        /**
         * OnPossibleDuplicate
         * @description The same mobile under another name: leave the row out, or take it and warn.
         * @enum {string}
         */
        OnPossibleDuplicate: "refuse" | "keep";
        /**
         * OptionIn
         * @description Without an id it is a new choice, or the former one of this name.
         */
        OptionIn: {
            /** Id */
            id?: string | null;
            /** Name */
            name: string;
        };
        /** OptionOut */
        OptionOut: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Retired */
            retired: boolean;
        };
        /**
         * OwnerChangeOut
         * @description From whom to whom (None: the pool, the trash or nobody), why, and who did it (None: the system).
         */
        OwnerChangeOut: {
            /**
             * Act Id
             * Format: uuid
             */
            act_id: string;
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            /** Changed By */
            changed_by: string | null;
            /** Former */
            former: string | null;
            /** Id */
            id: number;
            /** Owner */
            owner: string | null;
            reason: components["schemas"]["Reason"];
        };
        /** OwnerOut */
        OwnerOut: {
            /** Department */
            department: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
        };
        /** Page[AccountOut] */
        Page_AccountOut_: {
            /** Items */
            items: components["schemas"]["AccountOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[AuditOut] */
        Page_AuditOut_: {
            /** Items */
            items: components["schemas"]["AuditOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[BackupOut] */
        Page_BackupOut_: {
            /** Items */
            items: components["schemas"]["BackupOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[BlockOut] */
        Page_BlockOut_: {
            /** Items */
            items: components["schemas"]["BlockOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[CandidateOut] */
        Page_CandidateOut_: {
            /** Items */
            items: components["schemas"]["CandidateOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[ChannelOut] */
        Page_ChannelOut_: {
            /** Items */
            items: components["schemas"]["core__channels__schemas__ChannelOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[ChannelStoreOut] */
        Page_ChannelStoreOut_: {
            /** Items */
            items: components["schemas"]["ChannelStoreOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[CodeOut] */
        Page_CodeOut_: {
            /** Items */
            items: components["schemas"]["CodeOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[CodeRankOut] */
        Page_CodeRankOut_: {
            /** Items */
            items: components["schemas"]["CodeRankOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[ConsentTextOut] */
        Page_ConsentTextOut_: {
            /** Items */
            items: components["schemas"]["ConsentTextOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[ContactPersonOut] */
        Page_ContactPersonOut_: {
            /** Items */
            items: components["schemas"]["ContactPersonOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[DisputeOut] */
        Page_DisputeOut_: {
            /** Items */
            items: components["schemas"]["DisputeOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[FanOut] */
        Page_FanOut_: {
            /** Items */
            items: components["schemas"]["FanOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[FollowUpOut] */
        Page_FollowUpOut_: {
            /** Items */
            items: components["schemas"]["FollowUpOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[GuideOut] */
        Page_GuideOut_: {
            /** Items */
            items: components["schemas"]["GuideOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[HandOverOut] */
        Page_HandOverOut_: {
            /** Items */
            items: components["schemas"]["HandOverOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[ImageOut] */
        Page_ImageOut_: {
            /** Items */
            items: components["schemas"]["ImageOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[ImportOut] */
        Page_ImportOut_: {
            /** Items */
            items: components["schemas"]["core__customers__imports__schemas__ImportOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[ListedOut] */
        Page_ListedOut_: {
            /** Items */
            items: components["schemas"]["ListedOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[MergeOut] */
        Page_MergeOut_: {
            /** Items */
            items: components["schemas"]["MergeOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[MessageOut] */
        Page_MessageOut_: {
            /** Items */
            items: components["schemas"]["MessageOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[MobileChangeOut] */
        Page_MobileChangeOut_: {
            /** Items */
            items: components["schemas"]["MobileChangeOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[MyTaskOut] */
        Page_MyTaskOut_: {
            /** Items */
            items: components["schemas"]["MyTaskOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[NoticeOut] */
        Page_NoticeOut_: {
            /** Items */
            items: components["schemas"]["NoticeOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[OwnerChangeOut] */
        Page_OwnerChangeOut_: {
            /** Items */
            items: components["schemas"]["OwnerChangeOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[ParameterVersionOut] */
        Page_ParameterVersionOut_: {
            /** Items */
            items: components["schemas"]["ParameterVersionOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[PooledOut] */
        Page_PooledOut_: {
            /** Items */
            items: components["schemas"]["PooledOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[ReaderOut] */
        Page_ReaderOut_: {
            /** Items */
            items: components["schemas"]["ReaderOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[RecipientOut] */
        Page_RecipientOut_: {
            /** Items */
            items: components["schemas"]["RecipientOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[RemindedOut] */
        Page_RemindedOut_: {
            /** Items */
            items: components["schemas"]["RemindedOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[RoleOut] */
        Page_RoleOut_: {
            /** Items */
            items: components["schemas"]["RoleOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[SessionOut] */
        Page_SessionOut_: {
            /** Items */
            items: components["schemas"]["SessionOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[StaffOut] */
        Page_StaffOut_: {
            /** Items */
            items: components["schemas"]["StaffOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[StageChangeOut] */
        Page_StageChangeOut_: {
            /** Items */
            items: components["schemas"]["StageChangeOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[StoreOut] */
        Page_StoreOut_: {
            /** Items */
            items: components["schemas"]["StoreOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[TagOut] */
        Page_TagOut_: {
            /** Items */
            items: components["schemas"]["core__customers__tags__schemas__TagOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[TaskOut] */
        Page_TaskOut_: {
            /** Items */
            items: components["schemas"]["TaskOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[TimelineEntryOut] */
        Page_TimelineEntryOut_: {
            /** Items */
            items: components["schemas"]["TimelineEntryOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[TodoOut] */
        Page_TodoOut_: {
            /** Items */
            items: components["schemas"]["TodoOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[TrashedOut] */
        Page_TrashedOut_: {
            /** Items */
            items: components["schemas"]["TrashedOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[ViewOut] */
        Page_ViewOut_: {
            /** Items */
            items: components["schemas"]["ViewOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[WelcomeOut] */
        Page_WelcomeOut_: {
            /** Items */
            items: components["schemas"]["WelcomeOut"][];
            /** Next */
            next: string | null;
        };
        /** Page[WordOut] */
        Page_WordOut_: {
            /** Items */
            items: components["schemas"]["WordOut"][];
            /** Next */
            next: string | null;
        };
        /**
         * ParameterGroupOut
         * @description Parameters of one part of the product: `group` is what stands before the dot of their names.
         */
        ParameterGroupOut: {
            /** Group */
            group: string;
            /** Items */
            items: components["schemas"]["ParameterOut"][];
        };
        /** ParameterIn */
        ParameterIn: {
            /** Value */
            value: boolean | number | string;
            /**
             * Version
             * @description The version you saw; 0 for the default
             */
            version: number;
        };
        /**
         * ParameterOut
         * @description `type` is bool, int or str; `changed_by` is a colleague's name, `cli` or null for the default.
         */
        ParameterOut: {
            /** Changed At */
            changed_at: string | null;
            /** Changed By */
            changed_by: string | null;
            /** Choices */
            choices: (boolean | number | string)[];
            /** Default */
            default: boolean | number | string;
            /** Help */
            help: string;
            /** Least */
            least: number | null;
            /** Most */
            most: number | null;
            /** Name */
            name: string;
            /** Type */
            type: string;
            /** Unit */
            unit: string;
            /** Value */
            value: boolean | number | string;
            /** Version */
            version: number;
        };
        /**
         * ParameterVersionOut
         * @description `value` is null where the default was put in force again.
         */
        ParameterVersionOut: {
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            /** Changed By */
            changed_by: string;
            /** Value */
            value: boolean | number | string | null;
            /** Version */
            version: number;
        };
        /** ParametersOut */
        ParametersOut: {
            /** Groups */
            groups: components["schemas"]["ParameterGroupOut"][];
        };
        /**
         * PartKind
         * @description The places of the whole picture; one no context has filled yet stays empty.
         * @enum {string}
         */
        PartKind: "base" | "identities" | "touches" | "chats" | "orders" | "points" | "coupons" | "visits" | "notes" | "tasks" | "privacy";
        /**
         * PartOut
         * @description What one context tells, in its own words.
         */
        PartOut: {
            /** Content */
            content: unknown;
            /** Name */
            name: string;
            /** Title */
            title: string;
        };
        /**
         * Party
         * @description One store of customers holds them all (F-18).
         * @enum {string}
         */
        Party: "prospect" | "customer" | "partner" | "agent" | "supplier";
        /** PasswordChange */
        PasswordChange: {
            /** New */
            new: string;
            /** Present */
            present: string;
        };
        /**
         * PasswordOut
         * @description Shown this once; it has to be changed at the first log-in.
         */
        PasswordOut: {
            /** Password */
            password: string;
        };
        /**
         * PasswordReset
         * @description Without `password` one is made.
         */
        PasswordReset: {
            /** Password */
            password?: string | null;
        };
        /**
         * Period
         * @enum {string}
         */
        Period: "day" | "week" | "month";
        /**
         * PermissionsOut
         * @description What the caller holds, and therefore may give.
         */
        PermissionsOut: {
            /** Modules */
            modules: components["schemas"]["ModuleOut"][];
            /** Scopes */
            scopes: components["schemas"]["TitledOut"][];
            /** Special Rights */
            special_rights: components["schemas"]["TitledOut"][];
        };
        /**
         * PhoneLabel
         * @description What a number is for (F-02, F-03).
         * @enum {string}
         */
        PhoneLabel: "mobile" | "main" | "finance" | "office" | "home" | "fax";
        /**
         * PhoneOut
         * @description `text` is None in the pool; `masked`: parts of it are stars.
         */
        PhoneOut: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            label: components["schemas"]["PhoneLabel"];
            /** Masked */
            masked: boolean;
            /** Text */
            text: string | null;
            /** Verified */
            verified: boolean;
        };
        /**
         * PhonesIn
         * @description A number for each purpose; null takes it away. A mobile that is there changes by request only.
         */
        PhonesIn: {
            /** Fax */
            fax?: string | null;
            /** Finance */
            finance?: string | null;
            /** Home */
            home?: string | null;
            /** Main */
            main?: string | null;
            /** Mobile */
            mobile?: string | null;
            /** Office */
            office?: string | null;
        };
        /**
         * PictureBaseOut
         * @description Who it is and whose: what every layout shows. `number` is what people call the customer by.
         */
        PictureBaseOut: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Department */
            department: string | null;
            /** Following */
            following: boolean;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Level */
            level: string | null;
            /** Name */
            name: string | null;
            nature: components["schemas"]["Nature"];
            /** Number */
            number: number;
            /** Owner */
            owner: string | null;
            /** Owner Id */
            owner_id: string | null;
            party: components["schemas"]["Party"];
            place: components["schemas"]["Place"];
            /** Registered At */
            registered_at: string | null;
            stage: components["schemas"]["Stage"];
            status: components["schemas"]["Status"];
            /** Tags */
            tags: string[];
        };
        /**
         * PictureOut
         * @description One customer in the layout of who looks (K-08): sales sees all, service the base, management totals.
         *
         *     `parts` has every kind of the layout; one that no context has filled is an empty list.
         */
        PictureOut: {
            base: components["schemas"]["PictureBaseOut"];
            layout: components["schemas"]["Layout"];
            /** Parts */
            parts: {
                [key: string]: components["schemas"]["PartOut"][];
            };
            record: components["schemas"]["PictureRecordOut"] | null;
            totals: components["schemas"]["TotalsOut"] | null;
        };
        /**
         * PicturePersonOut
         * @description Somebody to talk to; the numbers are among the customer's, by `contact_id`.
         */
        PicturePersonOut: {
            /** Department */
            department: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Is Main */
            is_main: boolean;
            /** Name */
            name: string;
            /** Post */
            post: string | null;
        };
        /**
         * PicturePhoneOut
         * @description `text` is None in the pool, and has stars for whom the customer isn't.
         */
        PicturePhoneOut: {
            /** Contact Id */
            contact_id: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            label: components["schemas"]["PhoneLabel"];
            /** Masked */
            masked: boolean;
            /** Text */
            text: string | null;
            /** Verified */
            verified: boolean;
        };
        /**
         * PictureRecordOut
         * @description The rest of the base data, which sales and service see; `email` as numbers are shown.
         */
        PictureRecordOut: {
            /** Active At */
            active_at: string | null;
            /** Address */
            address: string | null;
            /** Birthday */
            birthday: string | null;
            /** City */
            city: string | null;
            /** Credit Grade */
            credit_grade: string | null;
            /** Credit Limit */
            credit_limit: number | null;
            /** Custom */
            custom: {
                [key: string]: unknown;
            };
            /** Datum */
            datum: string | null;
            /** Email */
            email: string | null;
            gender: components["schemas"]["Gender"] | null;
            /** Home Page */
            home_page: string | null;
            /** Industry */
            industry: string | null;
            /** Latitude */
            latitude: number | null;
            /** Longitude */
            longitude: number | null;
            /** Mnemonic */
            mnemonic: string | null;
            /** Next Contact At */
            next_contact_at: string | null;
            /** Order Due On */
            order_due_on: string | null;
            /** Parent */
            parent: string | null;
            /** Parent Id */
            parent_id: string | null;
            /** Persons */
            persons: components["schemas"]["PicturePersonOut"][];
            /** Phones */
            phones: components["schemas"]["PicturePhoneOut"][];
            /** Postcode */
            postcode: string | null;
            /** Province */
            province: string | null;
            /** Remark */
            remark: string | null;
        };
        /**
         * Place
         * @description Where a customer is: with an owner, in the public pool, in the trash, or with nobody (a fan without a guide).
         * @enum {string}
         */
        Place: "owned" | "pool" | "trash" | "nobody";
        /**
         * PoolSearchIn
         * @description As a search of customers; wherever `filters` look, only the pool is searched.
         */
        PoolSearchIn: {
            /**
             * Cursor
             * @description `next` of the former page
             */
            cursor?: number | null;
            /** @default {} */
            filters?: components["schemas"]["CustomerFilters"];
            /**
             * Limit
             * @description How many at most
             * @default 50
             */
            limit?: number;
        };
        /**
         * PooledOut
         * @description A customer of the pool: since when and why, and how many numbers there are, which nobody sees.
         */
        PooledOut: {
            /** City */
            city: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Industry */
            industry: string | null;
            /** Level */
            level: string | null;
            /** Name */
            name: string | null;
            nature: components["schemas"]["Nature"];
            /** Number */
            number: number;
            party: components["schemas"]["Party"];
            /** Phones */
            phones: number;
            /**
             * Pooled At
             * Format: date-time
             */
            pooled_at: string;
            /** Province */
            province: string | null;
            reason: components["schemas"]["Reason"];
            stage: components["schemas"]["Stage"];
        };
        /**
         * PortraitOut
         * @description Counts of people; `top_labels` are those that most fans carry.
         */
        PortraitOut: {
            /** Following */
            following: number;
            /** Left */
            left: number;
            sources: components["schemas"]["SourcesOut"];
            /** Talked 30 Days */
            talked_30_days: number;
            /** Talked 7 Days */
            talked_7_days: number;
            /** Top Labels */
            top_labels: components["schemas"]["LabelCountOut"][];
            /** Window Open */
            window_open: number;
        };
        /**
         * PositionIn
         * @description Degrees in the datum named: what a receiver gives is WGS-84, what a Chinese map gives is GCJ-02.
         */
        PositionIn: {
            datum: components["schemas"]["Datum"];
            /** Latitude */
            latitude: number;
            /** Longitude */
            longitude: number;
        };
        /**
         * PositionOut
         * @description Degrees in the datum they came in, and the same place in WGS-84.
         */
        PositionOut: {
            datum: components["schemas"]["Datum"];
            /** Latitude */
            latitude: number;
            /** Longitude */
            longitude: number;
            /** Wgs84 Latitude */
            wgs84_latitude: number;
            /** Wgs84 Longitude */
            wgs84_longitude: number;
        };
        /**
         * PostChange
         * @description What is left out stays as it is; whoever holds the post goes into its new department with it.
         */
        PostChange: {
            /** Department Id */
            department_id?: string | null;
            /**
             * Name
             * @default
             */
            name?: string;
        };
        /** PostIn */
        PostIn: {
            /** Name */
            name: string;
        };
        /**
         * PostOut
         * @description `people` hold it and haven't left.
         */
        PostOut: {
            /**
             * Department Id
             * Format: uuid
             */
            department_id: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** People */
            people: number;
        };
        /** PreviewIn */
        PreviewIn: {
            audience: components["schemas"]["Audience"];
        };
        /**
         * PrivacyOut
         * @description All of it for one customer.
         */
        PrivacyOut: {
            /** Channels */
            channels: components["schemas"]["core__customers__privacy__schemas__ChannelOut"][];
            /** Consents */
            consents: components["schemas"]["ConsentOut"][];
            /** Erasures */
            erasures: components["schemas"]["ErasureOut"][];
        };
        /**
         * Proof
         * @description What showed whose a number is.
         * @enum {string}
         */
        Proof: "last_order" | "birthday" | "counter";
        /**
         * RankOut
         * @description One line of the ranking; equal gross shares a rank.
         */
        RankOut: {
            /** Gross */
            gross: number;
            /** Guide */
            guide: string;
            /**
             * Guide Id
             * Format: uuid
             */
            guide_id: string;
            /** Lost */
            lost: number;
            /** Net */
            net: number;
            /** Rank */
            rank: number;
            /** Store */
            store: string | null;
        };
        /**
         * RankingOut
         * @description `first` and `last` are business days, both included.
         */
        RankingOut: {
            /**
             * First
             * Format: date
             */
            first: string;
            /** Guides */
            guides: components["schemas"]["RankOut"][];
            /**
             * Last
             * Format: date
             */
            last: string;
            period: components["schemas"]["Period"];
        };
        /**
         * ReadIn
         * @description Either some, or all up to and including one; what is not one's own is passed over.
         */
        ReadIn: {
            /**
             * Ids
             * @default []
             */
            ids?: string[];
            /** Up To */
            up_to?: string | null;
        };
        /**
         * ReaderOut
         * @description A colleague it is addressed to; `id` is the colleague's.
         */
        ReaderOut: {
            /** Department */
            department: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Read At */
            read_at: string | null;
        };
        /**
         * Reason
         * @description Why a customer went where it is; also the kind of its timeline entry.
         * @enum {string}
         */
        Reason: "created" | "imported" | "claimed" | "assigned" | "transferred" | "handed_over" | "released" | "returned" | "without_contract" | "discarded" | "restored" | "came_back" | "scanned" | "merged" | "unmerged" | "erased";
        /** RecallIn */
        RecallIn: {
            /** Reason */
            reason: string;
        };
        /**
         * RecipientOut
         * @description `handed_to_id`: whoever took it over.
         */
        RecipientOut: {
            /** Accepted At */
            accepted_at: string | null;
            /**
             * Added At
             * Format: date-time
             */
            added_at: string;
            /** Decided At */
            decided_at: string | null;
            decision: components["schemas"]["Decision"] | null;
            /** Delivered At */
            delivered_at: string | null;
            /** Department */
            department: string;
            /**
             * Department Id
             * Format: uuid
             */
            department_id: string;
            /** Handed To Id */
            handed_to_id: string | null;
            /** Name */
            name: string;
            /** Overdue */
            overdue: boolean;
            /** Progress */
            progress: number;
            /** Progress At */
            progress_at: string | null;
            /** Read At */
            read_at: string | null;
            /** Read Older */
            read_older: boolean;
            /** Read Version */
            read_version: number | null;
            /** Removed At */
            removed_at: string | null;
            /**
             * Staff Id
             * Format: uuid
             */
            staff_id: string;
        };
        /**
         * RecipientState
         * @description What recipients of a task can be looked up by; overdue is who has neither done nor rejected it in time.
         * @enum {string}
         */
        RecipientState: "read" | "not_read" | "done" | "not_done" | "rejected" | "overdue" | "removed";
        /**
         * RemindedOut
         * @description An own customer on a list.
         */
        RemindedOut: {
            /** Active At */
            active_at: string | null;
            /** Business At */
            business_at: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string | null;
            /** Next Contact At */
            next_contact_at: string | null;
            /** Number */
            number: number;
            /** Order Due On */
            order_due_on: string | null;
        };
        /**
         * Reminder
         * @description The lists of F-16, and what will go back to the pool next.
         * @enum {string}
         */
        Reminder: "due" | "overdue" | "order_overdue" | "quiet" | "returning";
        /**
         * ReminderIn
         * @description Something of one's own; with a time, it rings before it (parameter `todos.remind_minutes`).
         */
        ReminderIn: {
            /** Due At */
            due_at?: string | null;
            /** Title */
            title: string;
        };
        /**
         * RemindersOut
         * @description How many own customers stand on each list.
         *
         *     To contact today or tomorrow, contact overdue, order overdue, long without business, about to go back to the pool.
         */
        RemindersOut: {
            /** Due */
            due: number;
            /** Order Overdue */
            order_overdue: number;
            /** Overdue */
            overdue: number;
            /** Quiet */
            quiet: number;
            /** Returning */
            returning: number;
        };
        /**
         * RoleChange
         * @description What is left out stays as it is. `version` is the one you saw.
         */
        RoleChange: {
            layout?: components["schemas"]["Layout"] | null;
            /**
             * Name
             * @default
             */
            name?: string;
            /**
             * Points
             * @default []
             */
            points?: string[];
            /** @default own */
            scope?: components["schemas"]["Scope"];
            /**
             * Special Rights
             * @default []
             */
            special_rights?: components["schemas"]["SpecialRight"][];
            /** Version */
            version: number;
        };
        /**
         * RoleIn
         * @description A new role. What is left out is that of the role `copy_of`, or nothing and the own data.
         *
         *     Without a `layout` its points decide how its holders see a customer.
         */
        RoleIn: {
            /** Copy Of */
            copy_of?: string | null;
            layout?: components["schemas"]["Layout"] | null;
            /** Name */
            name: string;
            /** Points */
            points?: string[] | null;
            scope?: components["schemas"]["Scope"] | null;
            /** Special Rights */
            special_rights?: components["schemas"]["SpecialRight"][] | null;
        };
        /**
         * RoleOut
         * @description `key` names a ready-made one, which nobody changes. `holders` counts those in reach who have not left.
         *
         *     `layout` is how holders see a customer: as it was set, or as it follows from the points.
         */
        RoleOut: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Holders */
            holders: number;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Key */
            key: string | null;
            layout: components["schemas"]["Layout"];
            /** Name */
            name: string;
            /** Points */
            points: string[];
            scope: components["schemas"]["Scope"];
            /** Special Rights */
            special_rights: components["schemas"]["SpecialRight"][];
            /** Version */
            version: number;
        };
        /**
         * RowProblem
         * @description `row` is the row's number in the sheet, `field` the header; `code` is stable, `message` are words for people.
         */
        RowProblem: {
            /** Code */
            code: string;
            /** Field */
            field: string;
            /** Message */
            message: string;
            /** Row */
            row: number;
        };
        /**
         * Scope
         * @description Whose data a colleague sees: the own, the store's, the department's, also those below it, everybody's.
         *
         *     They are in this order, from the least to the most.
         * @enum {string}
         */
        Scope: "own" | "store" | "department" | "below" | "all";
        /**
         * SearchIn
         * @description A search; `total` asks for a count, which stops at ten thousand.
         */
        SearchIn: {
            /**
             * Cursor
             * @description `next` of the former page
             */
            cursor?: number | null;
            /** @default {} */
            filters?: components["schemas"]["CustomerFilters"];
            /**
             * Limit
             * @description How many at most
             * @default 50
             */
            limit?: number;
            /**
             * Total
             * @default false
             */
            total?: boolean;
        };
        /**
         * SecondFactorOut
         * @description `uri` is what the QR code for an authenticator holds.
         */
        SecondFactorOut: {
            /** Secret */
            secret: string;
            /** Uri */
            uri: string;
        };
        /** SecondFactorRemoval */
        SecondFactorRemoval: {
            /** Code */
            code: string;
            /** Password */
            password: string;
        };
        /**
         * SessionOut
         * @description `way`: how the person proved to be that one; `seen_at`: the last use, to the minute; `current`: this one.
         */
        SessionOut: {
            /** Address */
            address: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Current
             * @default false
             */
            current?: boolean;
            /** Device */
            device: string;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Seen At
             * Format: date-time
             */
            seen_at: string;
            /** Way */
            way: string;
        };
        /**
         * SettleIn
         * @description `recycled`: the number is the newcomer's alone; `same_person`: both are one customer from now on.
         */
        SettleIn: {
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "same_person" | "recycled";
            proof: components["schemas"]["Proof"];
        };
        /**
         * SideOut
         * @description One of two customers who may be one.
         */
        SideOut: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string | null;
            /** Number */
            number: number;
            /** Owner */
            owner: string | null;
        };
        /**
         * SourceOut
         * @description Which door gave a field, and when.
         */
        SourceOut: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            door: components["schemas"]["Door"];
        };
        /**
         * SourcesOut
         * @description Fans by what their first touch is credited to: the guide, else the store, else the channel.
         */
        SourcesOut: {
            /** Channel */
            channel: number;
            /** Guide */
            guide: number;
            /** None */
            none: number;
            /** Store */
            store: number;
        };
        /**
         * SpecialRight
         * @description The sensitive cards of the workbench (AT-76).
         * @enum {string}
         */
        SpecialRight: "schedule" | "unhandled_calls" | "receivable_plan" | "payable_plan" | "month_result";
        /**
         * StaffChange
         * @description What is left out stays as it is. `version` is the one that was read.
         *
         *     The department follows from the post. `scope` is the person's own instead of the role's (null: the role's again),
         *     `special_rights` come on top of the role's, the data of `granted_departments` are seen besides the own.
         */
        StaffChange: {
            /**
             * Email
             * @default
             */
            email?: string;
            /**
             * Granted Departments
             * @default []
             */
            granted_departments?: string[];
            /**
             * Is Guide
             * @default false
             */
            is_guide?: boolean;
            /**
             * Name
             * @default
             */
            name?: string;
            /**
             * Phone
             * @default
             */
            phone?: string;
            /**
             * Post Id
             * Format: uuid
             * @default 00000000-0000-0000-0000-000000000000
             */
            post_id?: string;
            /**
             * Role Id
             * Format: uuid
             * @default 00000000-0000-0000-0000-000000000000
             */
            role_id?: string;
            scope?: components["schemas"]["Scope"] | null;
            /**
             * Special Rights
             * @default []
             */
            special_rights?: components["schemas"]["SpecialRight"][];
            /** Store Id */
            store_id?: string | null;
            /** Version */
            version: number;
        };
        /**
         * StaffDetailOut
         * @description `scope` and `special_rights` are those in force; `own_…` what the person has besides the role.
         */
        StaffDetailOut: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Department Id
             * Format: uuid
             */
            department_id: string;
            /** Department Name */
            department_name: string;
            /** Disabled At */
            disabled_at: string | null;
            /** Email */
            email: string;
            /** Granted Departments */
            granted_departments: string[];
            /** Has Second Factor */
            has_second_factor: boolean;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Is Guide */
            is_guide: boolean;
            /** Left At */
            left_at: string | null;
            /** Must Change Password */
            must_change_password: boolean;
            /** Name */
            name: string;
            own_scope: components["schemas"]["Scope"] | null;
            /** Own Special Rights */
            own_special_rights: components["schemas"]["SpecialRight"][];
            /** Phone */
            phone: string;
            /**
             * Post Id
             * Format: uuid
             */
            post_id: string;
            /** Post Name */
            post_name: string;
            /** Role */
            role: string;
            /**
             * Role Id
             * Format: uuid
             */
            role_id: string;
            /** Role Name */
            role_name: string;
            scope: components["schemas"]["Scope"];
            /** Special Rights */
            special_rights: components["schemas"]["SpecialRight"][];
            /** Store Id */
            store_id: string | null;
            /** Store Name */
            store_name: string | null;
            /** Username */
            username: string;
            /** Version */
            version: number;
        };
        /**
         * StaffIn
         * @description First the department, then the post in it, then the person (AT-70). A guide gets a code, and needs a store.
         */
        StaffIn: {
            /**
             * Department Id
             * Format: uuid
             */
            department_id: string;
            /**
             * Email
             * @default
             */
            email?: string;
            /**
             * Is Guide
             * @default false
             */
            is_guide?: boolean;
            /** Name */
            name: string;
            /** Password */
            password: string;
            /**
             * Phone
             * @default
             */
            phone?: string;
            /**
             * Post Id
             * Format: uuid
             */
            post_id: string;
            /**
             * Role Id
             * Format: uuid
             */
            role_id: string;
            /** Store Id */
            store_id?: string | null;
            /** Username */
            username: string;
        };
        /**
         * StaffOut
         * @description `role` is the key of a ready-made role, or `custom`; `scope` says whose data the person sees.
         */
        StaffOut: {
            /**
             * Department Id
             * Format: uuid
             */
            department_id: string;
            /** Disabled At */
            disabled_at: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Is Guide */
            is_guide: boolean;
            /** Left At */
            left_at: string | null;
            /** Name */
            name: string;
            /**
             * Post Id
             * Format: uuid
             */
            post_id: string;
            /** Role */
            role: string;
            /**
             * Role Id
             * Format: uuid
             */
            role_id: string;
            /** Role Name */
            role_name: string;
            scope: components["schemas"]["Scope"];
            /** Store Id */
            store_id: string | null;
            /** Username */
            username: string;
        };
        /**
         * StaffState
         * @enum {string}
         */
        StaffState: "at_work" | "disabled" | "left";
        /**
         * Stage
         * @description Where in its life as a customer somebody is (F-19).
         * @enum {string}
         */
        Stage: "new" | "interested" | "bought" | "loyal" | "sleeping" | "lost";
        /**
         * StageChangeOut
         * @description `by` is None where an event brought it.
         */
        StageChangeOut: {
            /** By */
            by: string | null;
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            former: components["schemas"]["Stage"] | null;
            /** Id */
            id: number;
            stage: components["schemas"]["Stage"];
        };
        /**
         * StageIn
         * @description `backwards`: going back is meant.
         */
        StageIn: {
            /**
             * Backwards
             * @default false
             */
            backwards?: boolean;
            stage: components["schemas"]["Stage"];
            /**
             * Version
             * @description The one that was changed; 0: there is no record yet
             */
            version: number;
        };
        /**
         * StandingOut
         * @description How far somebody is. `read_older`: what was read is not the present version.
         */
        StandingOut: {
            /** Accepted At */
            accepted_at: string | null;
            /** Decided At */
            decided_at: string | null;
            decision: components["schemas"]["Decision"] | null;
            /** Delivered At */
            delivered_at: string | null;
            /** Overdue */
            overdue: boolean;
            /** Progress */
            progress: number;
            /** Progress At */
            progress_at: string | null;
            /** Read At */
            read_at: string | null;
            /** Read Older */
            read_older: boolean;
            /** Read Version */
            read_version: number | null;
        };
        /**
         * State
         * @description `unknown`: the platform's answer was lost; how it is settled depends on the channel (architecture §3.4).
         * @enum {string}
         */
        State: "pending" | "sending" | "sent" | "failed" | "unknown" | "skipped";
        /**
         * Status
         * @description How the relation stands.
         * @enum {string}
         */
        Status: "active" | "paused" | "closed";
        /**
         * Step
         * @description What a recipient says of a task.
         * @enum {string}
         */
        Step: "delivered" | "read" | "accepted" | "progress" | "done" | "rejected";
        /**
         * StoreChange
         * @description What is left out stays as it is; null takes picture, channel, department and position away.
         */
        StoreChange: {
            /**
             * Address
             * @default
             */
            address?: string;
            /** Channel Id */
            channel_id?: string | null;
            /** Department Id */
            department_id?: string | null;
            /**
             * Hours
             * @default
             */
            hours?: string;
            /**
             * Name
             * @default
             */
            name?: string;
            /**
             * Phone
             * @default
             */
            phone?: string;
            /** Picture Url */
            picture_url?: string | null;
            position?: components["schemas"]["PositionIn"] | null;
        };
        /** StoreCodeOut */
        StoreCodeOut: {
            /** App Id */
            app_id: string;
            /**
             * Code Id
             * Format: uuid
             */
            code_id: string;
        };
        /**
         * StoreImportOut
         * @description What was added, or with `dry_run` would be; nothing when there are problems.
         */
        StoreImportOut: {
            /** Added */
            added: number;
            /** Dry Run */
            dry_run: boolean;
            /** Problems */
            problems: components["schemas"]["RowProblem"][];
            /** Rows */
            rows: number;
        };
        /**
         * StoreIn
         * @description `hours` are words ("10:00–22:00"), `phone` digits with spaces and hyphens, `picture_url` an https link.
         *
         *     `department_id` decides who sees the store; who doesn't see everything puts it into the own one when it is left out.
         */
        StoreIn: {
            /**
             * Address
             * @default
             */
            address?: string;
            /** Channel Id */
            channel_id?: string | null;
            /** Department Id */
            department_id?: string | null;
            /**
             * Hours
             * @default
             */
            hours?: string;
            /** Name */
            name: string;
            /**
             * Phone
             * @default
             */
            phone?: string;
            /** Picture Url */
            picture_url?: string | null;
            position?: components["schemas"]["PositionIn"] | null;
        };
        /** StoreOut */
        StoreOut: {
            /** Address */
            address: string;
            /** Channel Id */
            channel_id: string | null;
            /** Closed At */
            closed_at: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Department Id */
            department_id: string | null;
            /** Hours */
            hours: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Phone */
            phone: string;
            /** Picture Url */
            picture_url: string | null;
            position: components["schemas"]["PositionOut"] | null;
        };
        /**
         * Subject
         * @description What a field is added to.
         * @enum {string}
         */
        Subject: "customer" | "contact" | "product" | "contract";
        /**
         * TableFormat
         * @enum {string}
         */
        TableFormat: "csv" | "xlsx";
        /**
         * TagChange
         * @description What is left out stays as it is.
         */
        TagChange: {
            /**
             * Name
             * @default
             */
            name?: string;
            rule?: components["schemas"]["CustomerFilters"] | null;
            /** Version */
            version: number;
        };
        /**
         * TagIn
         * @description With a rule, whom the search finds has the tag; without one it is given by hand.
         */
        TagIn: {
            /** @default tag */
            kind?: components["schemas"]["TagKind"];
            /** Name */
            name: string;
            rule?: components["schemas"]["CustomerFilters"] | null;
        };
        /**
         * TagKind
         * @enum {string}
         */
        TagKind: "tag" | "group";
        /** TaggedOut */
        TaggedOut: {
            /**
             * Customer Id
             * Format: uuid
             */
            customer_id: string;
            outcome: components["schemas"]["TaggingOutcome"];
        };
        /**
         * TaggingIn
         * @description Tags to put on customers, and to take off.
         */
        TaggingIn: {
            /** Add */
            add?: string[];
            /** Customer Ids */
            customer_ids: string[];
            /** Remove */
            remove?: string[];
        };
        /**
         * TaggingOut
         * @description A line for each customer asked for.
         */
        TaggingOut: {
            /** Items */
            items: components["schemas"]["TaggedOut"][];
        };
        /**
         * TaggingOutcome
         * @description What came of it for a customer; the refusals are named as the errors are.
         * @enum {string}
         */
        TaggingOutcome: "changed" | "unchanged" | "customer_not_found" | "customer_in_pool" | "customer_in_trash";
        /**
         * TargetIn
         * @description Exactly one of the three.
         */
        TargetIn: {
            /** Channel Id */
            channel_id?: string | null;
            /** Guide Id */
            guide_id?: string | null;
            /** Store Id */
            store_id?: string | null;
        };
        /**
         * TargetKind
         * @description Whom a code leads to.
         * @enum {string}
         */
        TargetKind: "guide" | "store" | "channel";
        /**
         * TaskChange
         * @description `version` is the one that was changed; what is left out stays as it is.
         */
        TaskChange: {
            audience?: components["schemas"]["Audience"] | null;
            /** Body */
            body?: string | null;
            /** Deadline */
            deadline?: string | null;
            /** Escalate Minutes */
            escalate_minutes?: number | null;
            /** Needs Proof */
            needs_proof?: boolean | null;
            /** Remind Minutes */
            remind_minutes?: number | null;
            /** Title */
            title?: string | null;
            /** Urgent */
            urgent?: boolean | null;
            /** Version */
            version: number;
        };
        /**
         * TaskIn
         * @description `remind_minutes` before the deadline, `escalate_minutes` after it; neither without a deadline.
         */
        TaskIn: {
            audience: components["schemas"]["Audience"];
            /**
             * Body
             * @default
             */
            body?: string;
            /** Deadline */
            deadline?: string | null;
            /** Escalate Minutes */
            escalate_minutes?: number | null;
            /**
             * Needs Proof
             * @default false
             */
            needs_proof?: boolean;
            /** Remind Minutes */
            remind_minutes?: number | null;
            /** Title */
            title: string;
            /**
             * Urgent
             * @default false
             */
            urgent?: boolean;
        };
        /**
         * TaskOut
         * @description A task as its author sees it.
         */
        TaskOut: {
            audience: components["schemas"]["Audience"];
            /** Author */
            author: string;
            /**
             * Author Id
             * Format: uuid
             */
            author_id: string;
            /** Body */
            body: string;
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            counts: components["schemas"]["core__tasks__schemas__CountsOut"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Deadline */
            deadline: string | null;
            /** Escalate At */
            escalate_at: string | null;
            /** Escalated At */
            escalated_at: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Needs Proof */
            needs_proof: boolean;
            /** Recall Reason */
            recall_reason: string | null;
            /** Recalled At */
            recalled_at: string | null;
            /** Remind At */
            remind_at: string | null;
            /** Reminded At */
            reminded_at: string | null;
            /** Title */
            title: string;
            /** Urgent */
            urgent: boolean;
            /** Version */
            version: number;
        };
        /**
         * TaskSeenOut
         * @description A task for whoever may see it: authors and those above them get `counts`, recipients `mine`.
         */
        TaskSeenOut: {
            audience?: components["schemas"]["Audience"] | null;
            /** Author */
            author: string;
            /**
             * Author Id
             * Format: uuid
             */
            author_id: string;
            /** Body */
            body: string;
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            counts?: components["schemas"]["core__tasks__schemas__CountsOut"] | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Deadline */
            deadline: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            mine?: components["schemas"]["StandingOut"] | null;
            /** Needs Proof */
            needs_proof: boolean;
            /** Recall Reason */
            recall_reason: string | null;
            /** Recalled At */
            recalled_at: string | null;
            /** Title */
            title: string;
            /** Urgent */
            urgent: boolean;
            /** Version */
            version: number;
        };
        /**
         * TimelineEntryOut
         * @description `guide`: whom a touch counts for, or who was given the customer. `details` are ids and facts of the kind.
         */
        TimelineEntryOut: {
            /** Channel */
            channel: string | null;
            /** Details */
            details: {
                [key: string]: unknown;
            };
            /** Guide */
            guide: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["TimelineKind"];
            /**
             * Occurred At
             * Format: date-time
             */
            occurred_at: string;
            /** Store */
            store: string | null;
        };
        /**
         * TimelineKind
         * @description What people did, and what colleagues did with them.
         * @enum {string}
         */
        TimelineKind: "follow" | "scan" | "unfollow" | "message" | "handed_over" | "created" | "imported" | "claimed" | "assigned" | "transferred" | "released" | "returned" | "without_contract" | "discarded" | "restored" | "came_back" | "scanned" | "merged" | "unmerged" | "erased" | "consent_given" | "consent_withdrawn" | "channel_accepted" | "channel_refused" | "follow_up" | "tagged" | "record_changed" | "stage_changed" | "mobile_changed";
        /**
         * TitledOut
         * @description Something that may be given, under the name people read.
         */
        TitledOut: {
            /** Key */
            key: string;
            /** Title */
            title: string;
        };
        /**
         * TodoCountsOut
         * @description What is open: in all, overdue, and by kind.
         */
        TodoCountsOut: {
            /** Kinds */
            kinds: {
                [key: string]: number;
            };
            /** Open */
            open: number;
            /** Overdue */
            overdue: number;
        };
        /**
         * TodoOut
         * @description `kind` and `source_id` say what it comes from, `link` (a path of our pages) where it is done.
         *
         *     `by_hand`: its owner ends it here; any other ends where it comes from.
         */
        TodoOut: {
            /** By Hand */
            by_hand: boolean;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Done At */
            done_at: string | null;
            /** Due At */
            due_at: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Kind */
            kind: string;
            /** Link */
            link: string;
            /** Overdue */
            overdue: boolean;
            /**
             * Source Id
             * Format: uuid
             */
            source_id: string;
            /** Title */
            title: string;
        };
        /**
         * TotalsOut
         * @description What a customer amounts to. `value` (fen) and `points` are 0 as long as no context counts them.
         */
        TotalsOut: {
            /** Chats */
            chats: number;
            /** Contracts */
            contracts: number;
            /**
             * Days
             * @description Business days since the customer came, today included
             */
            days: number;
            /** Follow Ups */
            follow_ups: number;
            /** Orders */
            orders: number;
            /** Points */
            points: number;
            /** Touches */
            touches: number;
            /** Value */
            value: number;
            /** Visits */
            visits: number;
        };
        /** TouchOut */
        TouchOut: {
            /** Channel */
            channel: string | null;
            /** Code Id */
            code_id: string | null;
            /** Guide */
            guide: string | null;
            kind: components["schemas"]["ContactKind"];
            /**
             * Occurred At
             * Format: date-time
             */
            occurred_at: string;
            /** Store */
            store: string | null;
        };
        /**
         * TransferIn
         * @description `to` is the colleague who gets them; without one they go to the public pool.
         */
        TransferIn: {
            /** Customer Ids */
            customer_ids: string[];
            /** To */
            to?: string | null;
        };
        /** TrashedOut */
        TrashedOut: {
            /**
             * Discarded At
             * Format: date-time
             */
            discarded_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string | null;
            /** Number */
            number: number;
            party: components["schemas"]["Party"];
        };
        /**
         * TrendDayOut
         * @description The counts of one business day.
         */
        TrendDayOut: {
            /**
             * Day
             * Format: date
             */
            day: string;
            /** Gross */
            gross: number;
            /** Lost */
            lost: number;
            /** Net */
            net: number;
        };
        /**
         * Unreadable
         * @description What is no word: it is refused alone and spoils no other.
         */
        Unreadable: components["schemas"]["JsonValue"];
        /**
         * Verdict
         * @enum {string}
         */
        Verdict: "passed" | "failed" | "by_hand";
        /**
         * VerifyFileIn
         * @description A file as downloaded from the platform; it holds the letters and digits of its own name, mostly.
         */
        VerifyFileIn: {
            /** Content */
            content: string;
            /** Name */
            name: string;
        };
        /** VerifyFileOut */
        VerifyFileOut: {
            /** Content */
            content: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Name */
            name: string;
        };
        /**
         * ViewChange
         * @description What is left out stays as it is.
         */
        ViewChange: {
            /** Columns */
            columns?: string[];
            /** @default {} */
            filters?: components["schemas"]["CustomerFilters"];
            /**
             * Name
             * @default
             */
            name?: string;
            /**
             * Shared
             * @default false
             */
            shared?: boolean;
            /** Version */
            version: number;
        };
        /**
         * ViewIn
         * @description `columns` in the order shown; none: the usual ones. Sharing takes an operation point (`views:share`).
         */
        ViewIn: {
            /** Columns */
            columns?: string[];
            filters: components["schemas"]["CustomerFilters"];
            /** Name */
            name: string;
            /**
             * Shared
             * @default false
             */
            shared?: boolean;
        };
        /**
         * ViewOrder
         * @description All own views, in the order wanted.
         */
        ViewOrder: {
            /** Ids */
            ids: string[];
        };
        /**
         * ViewOut
         * @description `own`: the caller's, who alone may change it; `owner` made it. A reader sees the customers in the own reach.
         */
        ViewOut: {
            /** Columns */
            columns: string[];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            filters: components["schemas"]["CustomerFilters"];
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Missing */
            missing: components["schemas"]["MissingOut"][];
            /** Name */
            name: string;
            /** Own */
            own: boolean;
            /** Owner */
            owner: string;
            /** Shared */
            shared: boolean;
            /** Version */
            version: number;
        };
        /** WechatBindingIn */
        WechatBindingIn: {
            /** App Id */
            app_id: string;
            /** Openid */
            openid: string;
        };
        /**
         * WechatLoginIn
         * @description `code` and `state` as they came back; `second_factor` only where it is asked for.
         */
        WechatLoginIn: {
            /** App Id */
            app_id: string;
            /** Code */
            code: string;
            /** Second Factor */
            second_factor?: string | null;
            /** State */
            state: string;
        };
        /**
         * WechatLoginUrlOut
         * @description Where the phone is sent; it comes back to `return_to` with `code` and `state`, which must be this state.
         */
        WechatLoginUrlOut: {
            /** State */
            state: string;
            /** Url */
            url: string;
        };
        /**
         * WelcomeIn
         * @description For a guide, a store, a channel, or (none given) for everybody. `version` is the one you saw; 0 for a new one.
         *
         *     Placeholders: {导购} {门店} {渠道} {公众号}; a channel's words know the last two, everybody's the last. Where
         *     one has no value, the next less particular words are said. Without `scan_text` a second scan gets no answer.
         */
        WelcomeIn: {
            /** Channel Id */
            channel_id?: string | null;
            /** Follow Text */
            follow_text: string;
            /** Guide Id */
            guide_id?: string | null;
            /** Scan Text */
            scan_text?: string | null;
            /** Store Id */
            store_id?: string | null;
            /**
             * Version
             * @default 0
             */
            version?: number;
        };
        /** WelcomeOut */
        WelcomeOut: {
            /** Channel Id */
            channel_id: string | null;
            /** Follow Text */
            follow_text: string;
            /** Guide Id */
            guide_id: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Scan Text */
            scan_text: string | null;
            /** Store Id */
            store_id: string | null;
            /** Version */
            version: number;
        };
        /**
         * Window
         * @description Whether customer messages may be sent now, because the fan wrote lately.
         * @enum {string}
         */
        Window: "open" | "shut";
        /**
         * WordIn
         * @description `key` is made by the phone, once per word; `version` is the task's as the phone showed it; `said_at` its time.
         */
        WordIn: {
            /**
             * File Ids
             * @default []
             */
            file_ids?: string[];
            /**
             * Key
             * Format: uuid
             */
            key: string;
            /**
             * Note
             * @default
             */
            note?: string;
            /** Progress */
            progress?: number | null;
            /**
             * Said At
             * Format: date-time
             */
            said_at: string;
            step: components["schemas"]["Step"];
            /**
             * Task Id
             * Format: uuid
             */
            task_id: string;
            /** Version */
            version: number;
        };
        /**
         * WordOut
         * @description A word of the trace, its files under links for the viewer.
         *
         *     `counted` is false for one that was said after the task was recalled.
         */
        WordOut: {
            /** Counted */
            counted: boolean;
            /** Files */
            files: components["schemas"]["FileOut"][];
            /**
             * Key
             * Format: uuid
             */
            key: string;
            /** Note */
            note: string;
            /** Progress */
            progress: number | null;
            /**
             * Received At
             * Format: date-time
             */
            received_at: string;
            /**
             * Said At
             * Format: date-time
             */
            said_at: string;
            step: components["schemas"]["Step"];
            /** Version */
            version: number;
        };
        /**
         * WordResult
         * @description A repeated word was known already; a refusal says why. `key` is the word's, if it had one.
         */
        WordResult: {
            /** Code */
            code?: string | null;
            /** Key */
            key: string | null;
            /** Message */
            message?: string | null;
            outcome: components["schemas"]["core__tasks__schemas__Outcome"];
        };
        /**
         * WordsIn
         * @description What a phone has buffered, in any order; words of earlier batches may be among them.
         */
        WordsIn: {
            /** Words */
            words: (components["schemas"]["WordIn"] | components["schemas"]["Unreadable"])[];
        };
        /**
         * WordsOut
         * @description One result per word, in their order.
         */
        WordsOut: {
            /** Results */
            results: components["schemas"]["WordResult"][];
        };
        /**
         * WornTagOut
         * @description `kind`: a tag or a group.
         */
        WornTagOut: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Kind */
            kind: string;
            /** Name */
            name: string;
        };
        /** UnreadOut */
        core__announcements__schemas__UnreadOut: {
            /** Unread */
            unread: number;
        };
        /** ChannelIn */
        core__channels__schemas__ChannelIn: {
            /** Name */
            name: string;
        };
        /** ChannelOut */
        core__channels__schemas__ChannelOut: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
        };
        /**
         * FieldOut
         * @description A retired option isn't offered, but stays valid where it is held. A deleted field keeps its values.
         */
        core__custom_fields__schemas__FieldOut: {
            /** Deleted At */
            deleted_at: string | null;
            /** Help */
            help: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["FieldKind"];
            /** Listed */
            listed: boolean;
            /** Max Length */
            max_length: number | null;
            /** Name */
            name: string;
            /** Options */
            options: components["schemas"]["OptionOut"][];
            /** Position */
            position: number;
            /** Required */
            required: boolean;
            /** Searchable */
            searchable: boolean;
            subject: components["schemas"]["Subject"];
            /** Unique */
            unique: boolean;
            /** Version */
            version: number;
        };
        /**
         * ConsentIn
         * @description Which text everybody in the table has agreed to, and when.
         */
        core__customers__imports__schemas__ConsentIn: {
            /** Purpose */
            purpose: string;
            /** Version */
            version: number;
        };
        /**
         * FieldOut
         * @description What a column can be; `key` is what a mapping names.
         */
        core__customers__imports__schemas__FieldOut: {
            /** Key */
            key: string;
            /** Title */
            title: string;
        };
        /**
         * ImportOut
         * @description Of `rows` (known once the table has been read through) `done` were looked at; each is one of the four.
         *
         *     `warned` ones were created and need a look.
         */
        core__customers__imports__schemas__ImportOut: {
            /** Created */
            created: number;
            /** Done */
            done: number;
            /** Dry Run */
            dry_run: boolean;
            /** Ended At */
            ended_at: string | null;
            /** Error */
            error: string | null;
            /** File Name */
            file_name: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            into: components["schemas"]["Into"];
            /** Linked */
            linked: number;
            on_possible_duplicate: components["schemas"]["OnPossibleDuplicate"];
            /** Refused */
            refused: number;
            /** Rows */
            rows: number | null;
            /**
             * Staff Id
             * Format: uuid
             */
            staff_id: string;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            state: components["schemas"]["ImportState"];
            /** Warned */
            warned: number;
        };
        /**
         * Outcome
         * @description How a dispute about a number ended: somebody said so, the former holder proved a number, or was forgotten.
         * @enum {string}
         */
        core__customers__linking__rules__Outcome: "same_person" | "recycled" | "verified_again" | "verified_another" | "erased";
        /**
         * PreviewOut
         * @description What would become of `source_id` if it became part of `target_id`.
         *
         *     `conflicts` are the fields of the record that differ; which value stays is decided by where it came from.
         */
        core__customers__linking__schemas__PreviewOut: {
            /** Conflicts */
            conflicts: string[];
            /** Fingerprint */
            fingerprint: string;
            /** Moving */
            moving: components["schemas"]["MovingOut"][];
            /**
             * Source Id
             * Format: uuid
             */
            source_id: string;
            /**
             * Target Id
             * Format: uuid
             */
            target_id: string;
            /** Warnings */
            warnings: components["schemas"]["MergeWarning"][];
        };
        /**
         * Channel
         * @description A way to reach a person (B-11).
         * @enum {string}
         */
        core__customers__privacy__rules__Channel: "wechat" | "mini_program" | "phone" | "sms" | "email" | "post";
        /**
         * ChannelIn
         * @description What a person told a colleague about a way to be reached.
         */
        core__customers__privacy__schemas__ChannelIn: {
            /** Accepted */
            accepted: boolean;
            channel: components["schemas"]["core__customers__privacy__rules__Channel"];
            /** Chosen At */
            chosen_at?: string | null;
        };
        /**
         * ChannelOut
         * @description The newest word about a channel.
         */
        core__customers__privacy__schemas__ChannelOut: {
            /** Accepted */
            accepted: boolean;
            channel: components["schemas"]["core__customers__privacy__rules__Channel"];
            /**
             * Chosen At
             * Format: date-time
             */
            chosen_at: string;
            /** Door */
            door: string;
        };
        /**
         * ConsentIn
         * @description What a person agreed to, or (not `given`) took back, in front of a colleague.
         */
        core__customers__privacy__schemas__ConsentIn: {
            /** Given */
            given: boolean;
            /** Occurred At */
            occurred_at?: string | null;
            /** Purpose */
            purpose: string;
            /** Version */
            version: number;
        };
        /**
         * CountsOut
         * @description New fans by first touch: `gross`, those of them who left since (`lost`), and `net` = gross - lost.
         */
        core__customers__schemas__CountsOut: {
            /** Gross */
            gross: number;
            /** Lost */
            lost: number;
            /** Net */
            net: number;
        };
        /**
         * TagOut
         * @description `customers` in the caller's reach have it, `more`: more than that; None: search for it to count them.
         *
         *     A rule was last evaluated at `evaluated_at` (as it is now) and is again at `evaluate_at`; `missing` is what it can't
         *     ask for.
         */
        core__customers__tags__schemas__TagOut: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Customers */
            customers: number | null;
            /** Evaluate At */
            evaluate_at: string | null;
            /** Evaluated At */
            evaluated_at: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            kind: components["schemas"]["TagKind"];
            /** Missing */
            missing: components["schemas"]["MissingOut"][];
            /** More */
            more: boolean;
            /** Name */
            name: string;
            rule: components["schemas"]["CustomerFilters"] | null;
            /** Version */
            version: number;
        };
        /**
         * TagOut
         * @description A tag, and how many pictures carry it.
         */
        core__files__schemas__TagOut: {
            /** Images */
            images: number;
            /** Tag */
            tag: string;
        };
        /**
         * UnreadOut
         * @description How many notices are unread, in all and by kind.
         */
        core__notices__schemas__UnreadOut: {
            /** Kinds */
            kinds: {
                [key: string]: number;
            };
            /** Unread */
            unread: number;
        };
        /** CodeIn */
        core__organisation__account__schemas__CodeIn: {
            /** Code */
            code: string;
        };
        /**
         * ImportOut
         * @description What was added, or with `dry_run` would be; nothing when there are problems.
         */
        core__organisation__imports__schemas__ImportOut: {
            /** Added */
            added: number;
            /** Departments Added */
            departments_added: number;
            /** Dry Run */
            dry_run: boolean;
            /** Posts Added */
            posts_added: number;
            /** Problems */
            problems: components["schemas"]["RowProblem"][];
            /** Rows */
            rows: number;
        };
        /**
         * CountsOut
         * @description Of the recipients who are asked now. `overdue`: past the deadline, neither done nor rejected.
         */
        core__tasks__schemas__CountsOut: {
            /** Accepted */
            accepted: number;
            /** Delivered */
            delivered: number;
            /** Done */
            done: number;
            /** Overdue */
            overdue: number;
            /** Read */
            read: number;
            /** Read Older */
            read_older: number;
            /** Rejected */
            rejected: number;
            /** Total */
            total: number;
        };
        /**
         * Outcome
         * @enum {string}
         */
        core__tasks__schemas__Outcome: "applied" | "repeated" | "refused";
        /**
         * PreviewOut
         * @description How many colleagues at work an audience means now.
         */
        core__tasks__schemas__PreviewOut: {
            /** People */
            people: number;
        };
        /**
         * CodeIn
         * @description `page` opens in a mini-program (no leading slash); its codes are always permanent.
         */
        wechat__codes__schemas__CodeIn: {
            /** App Id */
            app_id: string;
            /** Channel Id */
            channel_id?: string | null;
            /** Ends At */
            ends_at?: string | null;
            /** Guide Id */
            guide_id?: string | null;
            /** @default permanent */
            life?: components["schemas"]["Life"];
            /** Name */
            name: string;
            /** Page */
            page?: string | null;
            /** Starts At */
            starts_at?: string | null;
            /** Store Id */
            store_id?: string | null;
        };
        /**
         * Channel
         * @description The way a message takes on the platform.
         * @enum {string}
         */
        wechat__outbound__rules__Channel: "template" | "customer";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    verify_file_MP_verify__key__txt_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    open_link_files_v1__link__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                link: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description Those asked for */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The same as the ETag says */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The link has expired */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The file has no such bytes */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    look_at_link_files_v1__link__head: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                link: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description Those asked for */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The same as the ETag says */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The link has expired */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The file has no such bytes */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    alive_healthz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    prometheus_metrics_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    ready_readyz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_accounts_staff_v1_accounts_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AccountOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_account_staff_v1_accounts_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_account_staff_v1_accounts__account_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    examine_staff_v1_accounts__account_id__doctor_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoctorOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    kept_menu_staff_v1_accounts__account_id__menu_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MenuOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_template_staff_v1_accounts__account_id__notice_template_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoticeTemplateOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    put_template_staff_v1_accounts__account_id__notice_template_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoticeTemplateIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoticeTemplateOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_template_staff_v1_accounts__account_id__notice_template_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_alerts_staff_v1_alerts_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertsOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_announcements_staff_v1_announcements_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ListedOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    announce_staff_v1_announcements_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnnouncementIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    read_announcement_staff_v1_announcements__announcement_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                announcement_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnnouncementOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_announcement_staff_v1_announcements__announcement_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                announcement_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnnouncementChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    count_readers_staff_v1_announcements__announcement_id__counts_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                announcement_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_readers_staff_v1_announcements__announcement_id__readers_get: {
        parameters: {
            query?: {
                read?: boolean | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                announcement_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ReaderOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    withdraw_announcement_staff_v1_announcements__announcement_id__withdraw_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                announcement_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    search_audit_staff_v1_audit_get: {
        parameters: {
            query?: {
                staff_id?: string | null;
                /** @description `staff:<id>`, `cli` or `system` */
                actor?: string | null;
                action?: string | null;
                subject_kind?: string | null;
                /** @description Together with subject_kind */
                subject_id?: string | null;
                from?: string | null;
                until?: string | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    export_audit_staff_v1_audit_csv_get: {
        parameters: {
            query?: {
                staff_id?: string | null;
                /** @description `staff:<id>`, `cli` or `system` */
                actor?: string | null;
                action?: string | null;
                subject_kind?: string | null;
                /** @description Together with subject_kind */
                subject_id?: string | null;
                from?: string | null;
                until?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A table */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": unknown;
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    audit_chain_staff_v1_audit_chain_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChainOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_backups_staff_v1_backups_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_BackupOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_blocks_staff_v1_blocks_get: {
        parameters: {
            query?: {
                app_id?: string | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_BlockOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_channels_staff_v1_channels_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ChannelOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_channel_staff_v1_channels_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["core__channels__schemas__ChannelIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__channels__schemas__ChannelOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    stores_of_channel_staff_v1_channels__channel_id__stores_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                channel_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ChannelStoreOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_batch_staff_v1_code_batches_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodeBatchIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeBatchMade"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_batch_staff_v1_code_batches__batch_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                batch_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeBatchOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_codes_staff_v1_codes_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
                app_id?: string | null;
                kind?: components["schemas"]["TargetKind"] | null;
                target_id?: string | null;
                life?: components["schemas"]["Life"] | null;
                state?: components["schemas"]["CodeState"] | null;
                stopped?: boolean | null;
                batch_id?: string | null;
                text?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CodeOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_code_staff_v1_codes_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["wechat__codes__schemas__CodeIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    codes_numbers_staff_v1_codes_numbers_get: {
        parameters: {
            query?: {
                first?: string | null;
                last?: string | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
                app_id?: string | null;
                kind?: components["schemas"]["TargetKind"] | null;
                target_id?: string | null;
                life?: components["schemas"]["Life"] | null;
                state?: components["schemas"]["CodeState"] | null;
                stopped?: boolean | null;
                batch_id?: string | null;
                text?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CodeRankOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    posters_pdf_staff_v1_codes_posters_pdf_get: {
        parameters: {
            query?: {
                app_id?: string | null;
                kind?: components["schemas"]["TargetKind"] | null;
                target_id?: string | null;
                life?: components["schemas"]["Life"] | null;
                state?: components["schemas"]["CodeState"] | null;
                stopped?: boolean | null;
                batch_id?: string | null;
                text?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A file */
            200: {
                headers: {
                    /** @description How many codes are not issued yet and therefore left out */
                    "X-Codes-Left-Out"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/pdf": unknown;
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description There are no such posters */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    posters_zip_staff_v1_codes_posters_zip_get: {
        parameters: {
            query?: {
                app_id?: string | null;
                kind?: components["schemas"]["TargetKind"] | null;
                target_id?: string | null;
                life?: components["schemas"]["Life"] | null;
                state?: components["schemas"]["CodeState"] | null;
                stopped?: boolean | null;
                batch_id?: string | null;
                text?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A file */
            200: {
                headers: {
                    /** @description How many codes are not issued yet and therefore left out */
                    "X-Codes-Left-Out"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": unknown;
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description There are no such posters */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_code_staff_v1_codes__code_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_code_staff_v1_codes__code_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodeChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    code_png_staff_v1_codes__code_id__code_png_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A PNG picture */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": unknown;
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    code_numbers_staff_v1_codes__code_id__numbers_get: {
        parameters: {
            query?: {
                first?: string | null;
                last?: string | null;
            };
            header?: never;
            path: {
                code_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeNumbersOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    poster_png_staff_v1_codes__code_id__poster_png_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A PNG picture */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": unknown;
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    resume_code_staff_v1_codes__code_id__resume_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    stop_code_staff_v1_codes__code_id__stop_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    aim_code_staff_v1_codes__code_id__target_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TargetIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_texts_staff_v1_consent_texts_get: {
        parameters: {
            query?: {
                purpose?: string | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ConsentTextOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    publish_text_staff_v1_consent_texts_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConsentTextIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsentTextOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    remove_contact_person_staff_v1_contact_persons__contact_person_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_person_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_contact_person_staff_v1_contact_persons__contact_person_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                contact_person_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContactPersonChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactPersonOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    export_customers_staff_v1_customer_exports_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExportIn"];
            };
        };
        responses: {
            /** @description A table */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": unknown;
                    "text/csv": unknown;
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_imports_staff_v1_customer_imports_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ImportOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    order_import_staff_v1_customer_imports_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__customers__imports__schemas__ImportOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    look_at_table_staff_v1_customer_imports_headers_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HeadersIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeadersOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    read_import_staff_v1_customer_imports__import_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                import_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__customers__imports__schemas__ImportOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    cancel_import_staff_v1_customer_imports__import_id__cancel_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                import_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__customers__imports__schemas__ImportOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    download_report_staff_v1_customer_imports__import_id__report_csv_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                import_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A table */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": unknown;
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_customers_staff_v1_customers_get: {
        parameters: {
            query?: {
                q?: string | null;
                view_id?: string | null;
                /** @description `next` of the former page */
                cursor?: number | null;
                /** @description How many at most */
                limit?: number;
                total?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomersOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    create_customer_staff_v1_customers_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CustomerIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    assign_staff_v1_customers_assignments_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AssignIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MovedOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    look_up_staff_v1_customers_lookup_get: {
        parameters: {
            query?: {
                name?: string | null;
                mobile?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LookupOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    search_customers_staff_v1_customers_search_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SearchIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomersOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    tag_customers_staff_v1_customers_tags_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaggingIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaggingOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    transfer_staff_v1_customers_transfers_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TransferIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MovedOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    show_customer_staff_v1_customers__customer_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_customer_staff_v1_customers__customer_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CustomerChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    record_channel_staff_v1_customers__customer_id__channels_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["core__customers__privacy__schemas__ChannelIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PrivacyOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    record_consent_staff_v1_customers__customer_id__consents_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["core__customers__privacy__schemas__ConsentIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PrivacyOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_contact_persons_staff_v1_customers__customer_id__contact_persons_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ContactPersonOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_contact_person_staff_v1_customers__customer_id__contact_persons_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContactPersonIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContactPersonOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    copy_customer_staff_v1_customers__customer_id__copy_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CustomerCopyIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    grant_credit_staff_v1_customers__customer_id__credit_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreditIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    download_data_staff_v1_customers__customer_id__data_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    erase_staff_v1_customers__customer_id__erasures_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PrivacyOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_follow_ups_staff_v1_customers__customer_id__follow_ups_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_FollowUpOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    write_follow_up_staff_v1_customers__customer_id__follow_ups_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FollowUpIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FollowUpOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    preview_staff_v1_customers__customer_id__merge_preview_get: {
        parameters: {
            query: {
                with: string;
            };
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__customers__linking__schemas__PreviewOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_merges_staff_v1_customers__customer_id__merges_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MergeOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    merge_staff_v1_customers__customer_id__merges_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MergeIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MergeOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_mobile_changes_staff_v1_customers__customer_id__mobile_changes_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MobileChangeOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    ask_mobile_change_staff_v1_customers__customer_id__mobile_changes_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MobileChangeIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MobileChangeOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_owners_staff_v1_customers__customer_id__owners_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: number | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OwnerChangeOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    unmask_staff_v1_customers__customer_id__phones_unmask_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NumberOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    picture_staff_v1_customers__customer_id__picture_get: {
        parameters: {
            query?: {
                layout?: components["schemas"]["Layout"] | null;
            };
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PictureOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_privacy_staff_v1_customers__customer_id__privacy_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PrivacyOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_stage_staff_v1_customers__customer_id__stage_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StageIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_stages_staff_v1_customers__customer_id__stages_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: number | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_StageChangeOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_tags_of_customer_staff_v1_customers__customer_id__tags_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerTagOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    timeline_staff_v1_customers__customer_id__timeline_get: {
        parameters: {
            query?: {
                /** @description Of these kinds only */
                kind?: components["schemas"]["TimelineKind"][] | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TimelineEntryOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_departments_staff_v1_departments_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepartmentOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_department_staff_v1_departments_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DepartmentIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepartmentOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    order_departments_staff_v1_departments_order_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DepartmentOrder"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepartmentOut"][];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_department_staff_v1_departments__department_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                department_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_department_staff_v1_departments__department_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                department_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DepartmentChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepartmentOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    merge_department_staff_v1_departments__department_id__merge_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                department_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DepartmentMerge"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepartmentOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    move_department_staff_v1_departments__department_id__move_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                department_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DepartmentMove"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepartmentOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_posts_staff_v1_departments__department_id__posts_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                department_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_post_staff_v1_departments__department_id__posts_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path: {
                department_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PostIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    fans_staff_v1_fans_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
                app_id?: string | null;
                following?: boolean | null;
                code_id?: string | null;
                store_id?: string | null;
                channel_id?: string | null;
                followed_after?: string | null;
                followed_before?: string | null;
                talked_after?: string | null;
                talked_before?: string | null;
                window?: components["schemas"]["Window"] | null;
                label_id?: string | null;
                blocked?: boolean | null;
                guide_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_FanOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    portrait_staff_v1_fans_portrait_get: {
        parameters: {
            query?: {
                guide_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PortraitOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    fan_staff_v1_fans__customer_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FanDetailOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    block_staff_v1_fans__customer_id__block_put: {
        parameters: {
            query?: {
                app_id?: string | null;
            };
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    unblock_staff_v1_fans__customer_id__block_delete: {
        parameters: {
            query?: {
                app_id?: string | null;
            };
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    set_labels_staff_v1_fans__customer_id__labels_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LabelIdsIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    label_fan_staff_v1_fans__customer_id__labels_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LabelIdsIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    unlabel_fan_staff_v1_fans__customer_id__labels__label_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                label_id: string;
                customer_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_fields_staff_v1_fields_get: {
        parameters: {
            query: {
                subject: components["schemas"]["Subject"];
                deleted?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__custom_fields__schemas__FieldOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_field_staff_v1_fields_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FieldIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__custom_fields__schemas__FieldOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    order_fields_staff_v1_fields_order_put: {
        parameters: {
            query: {
                subject: components["schemas"]["Subject"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FieldOrder"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__custom_fields__schemas__FieldOut"][];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_field_staff_v1_fields__field_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                field_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_field_staff_v1_fields__field_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                field_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FieldChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__custom_fields__schemas__FieldOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    restore_field_staff_v1_fields__field_id__restore_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                field_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__custom_fields__schemas__FieldOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    upload_file_staff_v1_files_post: {
        parameters: {
            query: {
                name: string;
                purpose: string;
            };
            header?: {
                /** @description The same key and file give the same file */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Files of this kind are not accepted here */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    read_file_staff_v1_files__file_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Files of this kind are not accepted here */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_file_staff_v1_files__file_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Files of this kind are not accepted here */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_guides_staff_v1_guides_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_GuideOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_guide_staff_v1_guides_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GuideIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuideOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_images_staff_v1_images_get: {
        parameters: {
            query?: {
                tag?: string | null;
                /** @description Part of the title */
                text?: string | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ImageOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_image_staff_v1_images_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImageIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_tags_staff_v1_images_tags_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__files__schemas__TagOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    read_image_staff_v1_images__image_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_image_staff_v1_images__image_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_image_staff_v1_images__image_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImageChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_labels_staff_v1_labels_get: {
        parameters: {
            query?: {
                app_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabelOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_label_staff_v1_labels_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LabelIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabelOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_label_staff_v1_labels__label_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                label_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    rename_label_staff_v1_labels__label_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                label_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LabelChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabelOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    label_many_staff_v1_labels__label_id__fans_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                label_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CustomerIdsIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabelledOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    live_staff_v1_live_get: {
        parameters: {
            query?: {
                /** @description The number of the last event that arrived */
                after?: number | null;
            };
            header?: {
                /** @description The same; it goes before `after` */
                "last-event-id"?: number | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    log_in_staff_v1_login_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedIn"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    start_login_staff_v1_login_wechat_get: {
        parameters: {
            query: {
                app_id: string;
                return_to: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WechatLoginUrlOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    log_in_staff_v1_login_wechat_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WechatLoginIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedIn"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    log_out_staff_v1_logout_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    who_am_i_staff_v1_me_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_me_staff_v1_me_patch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MeChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_mine_staff_v1_me_announcements_get: {
        parameters: {
            query?: {
                unread?: boolean;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ListedOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    count_unread_staff_v1_me_announcements_unread_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__announcements__schemas__UnreadOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    my_cards_staff_v1_me_cards_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TitledOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    my_claims_staff_v1_me_claims_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClaimsOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    my_codes_staff_v1_me_codes_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    my_codes_numbers_staff_v1_me_codes_numbers_get: {
        parameters: {
            query?: {
                first?: string | null;
                last?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeRankOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    my_fans_staff_v1_me_fans_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
                app_id?: string | null;
                following?: boolean | null;
                code_id?: string | null;
                store_id?: string | null;
                channel_id?: string | null;
                followed_after?: string | null;
                followed_before?: string | null;
                talked_after?: string | null;
                talked_before?: string | null;
                window?: components["schemas"]["Window"] | null;
                label_id?: string | null;
                blocked?: boolean | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_FanOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    show_settings_staff_v1_me_notice_settings_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoticeSettingsOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_settings_staff_v1_me_notice_settings_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoticeSettingsIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoticeSettingsOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_notices_staff_v1_me_notices_get: {
        parameters: {
            query?: {
                unread?: boolean;
                kind?: string | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_NoticeOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    read_notices_staff_v1_me_notices_read_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__notices__schemas__UnreadOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    count_unread_staff_v1_me_notices_unread_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__notices__schemas__UnreadOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    read_notice_staff_v1_me_notices__notice_id__read_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                notice_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoticeOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    my_numbers_staff_v1_me_numbers_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NumbersOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_password_staff_v1_me_password_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    my_reminders_staff_v1_me_reminders_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RemindersOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_reminded_staff_v1_me_reminders__reminder__get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                reminder: components["schemas"]["Reminder"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RemindedOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    confirm_second_factor_staff_v1_me_second_factor_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["core__organisation__account__schemas__CodeIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    start_second_factor_staff_v1_me_second_factor_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecondFactorOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    take_away_second_factor_staff_v1_me_second_factor_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecondFactorRemoval"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Too many requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    second_factor_png_staff_v1_me_second_factor_png_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A PNG picture */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": unknown;
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No secret waits for its confirmation */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    my_sessions_staff_v1_me_sessions_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_SessionOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    end_my_session_staff_v1_me_sessions__session_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    my_tasks_staff_v1_me_tasks_get: {
        parameters: {
            query?: {
                which?: components["schemas"]["MyTasks"];
                since?: string | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MyTaskOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    say_staff_v1_me_tasks_words_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WordsIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WordsOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    my_task_staff_v1_me_tasks__task_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyTaskOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_todos_staff_v1_me_todos_get: {
        parameters: {
            query?: {
                state?: "open" | "done";
                kind?: string | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TodoOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_reminder_staff_v1_me_todos_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReminderIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TodoOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    count_todos_staff_v1_me_todos_counts_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TodoCountsOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    finish_reminder_staff_v1_me_todos__todo_id__done_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                todo_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TodoOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    my_bindings_staff_v1_me_wechat_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BindingsOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    make_own_code_staff_v1_me_wechat_code_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["BindingCodeIn"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BindingCodeOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    unbind_own_staff_v1_me_wechat__binding_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                binding_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_candidates_staff_v1_merge_candidates_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CandidateOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    dismiss_staff_v1_merge_candidates__candidate_id__dismiss_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                candidate_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    undo_staff_v1_merges__merge_id__undo_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                merge_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MergeOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_open_mobile_changes_staff_v1_mobile_changes_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MobileChangeOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    approve_mobile_change_staff_v1_mobile_changes__mobile_change_id__approve_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                mobile_change_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MobileChangeOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    refuse_mobile_change_staff_v1_mobile_changes__mobile_change_id__refuse_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                mobile_change_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MobileChangeOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_messages_staff_v1_outbound_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
                state?: components["schemas"]["State"] | null;
                channel?: components["schemas"]["wechat__outbound__rules__Channel"] | null;
                app_id?: string | null;
                staff_id?: string | null;
                /** @description exactly this errcode or word */
                error?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MessageOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    retry_staff_v1_outbound__message_id__retry_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_parameters_staff_v1_parameters_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ParametersOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_parameter_staff_v1_parameters__name__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ParameterOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    set_parameter_staff_v1_parameters__name__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ParameterIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ParameterOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    reset_parameter_staff_v1_parameters__name__delete: {
        parameters: {
            query: {
                /** @description The version you saw; 0 for the default */
                version: number;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ParameterOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    parameter_history_staff_v1_parameters__name__history_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: number | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ParameterVersionOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    permissions_staff_v1_permissions_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PermissionsOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_disputes_staff_v1_phone_disputes_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
                settled?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_DisputeOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    settle_staff_v1_phone_disputes__dispute_id__settle_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dispute_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SettleIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DisputeOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    assign_from_pool_staff_v1_pool_assignments_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AssignIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MovedOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    claim_staff_v1_pool_claims_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MoveIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClaimedOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_pool_staff_v1_pool_customers_get: {
        parameters: {
            query?: {
                reason?: components["schemas"]["Reason"] | null;
                since?: string | null;
                until?: string | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_PooledOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    create_pooled_staff_v1_pool_customers_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CustomerIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    search_pool_staff_v1_pool_customers_search_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PoolSearchIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_PooledOut_"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    show_pooled_staff_v1_pool_customers__pooled_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                pooled_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    discard_staff_v1_pool_discards_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MoveIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MovedOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    restore_staff_v1_pool_restorations_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MoveIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MovedOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_trash_staff_v1_pool_trash_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TrashedOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_post_staff_v1_posts__post_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_post_staff_v1_posts__post_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PostChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    ranking_staff_v1_ranking_get: {
        parameters: {
            query?: {
                period?: components["schemas"]["Period"];
                on?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RankingOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    trend_staff_v1_ranking_trend_get: {
        parameters: {
            query?: {
                guide_id?: string | null;
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrendDayOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_roles_staff_v1_roles_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RoleOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_role_staff_v1_roles_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_role_staff_v1_roles__role_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                role_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_role_staff_v1_roles__role_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                role_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_role_staff_v1_roles__role_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                role_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_staff_staff_v1_staff_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
                department_id?: string | null;
                post_id?: string | null;
                store_id?: string | null;
                role_id?: string | null;
                state?: components["schemas"]["StaffState"] | null;
                text?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_StaffOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_staff_staff_v1_staff_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StaffIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    import_staff_staff_v1_staff_import_post: {
        parameters: {
            query?: {
                dry_run?: boolean;
                make_missing?: boolean;
            };
            header?: {
                /** @description Of everybody in the file, until changed */
                "initial-password"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__organisation__imports__schemas__ImportOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    staff_template_staff_v1_staff_import_template_xlsx_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An XLSX file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": unknown;
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_staff_staff_v1_staff__staff_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffDetailOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_staff_staff_v1_staff__staff_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StaffChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffDetailOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    disable_staff_staff_v1_staff__staff_id__disable_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffDetailOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    enable_staff_staff_v1_staff__staff_id__enable_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffDetailOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    preview_staff_v1_staff__staff_id__handover_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeldOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    hand_over_staff_v1_staff__staff_id__handover_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HandOverIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HandOverOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    hand_overs_staff_v1_staff__staff_id__handovers_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_HandOverOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    leave_staff_v1_staff__staff_id__leave_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["LeaveIn"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StaffOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    reset_password_staff_v1_staff__staff_id__password_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    take_second_factor_staff_v1_staff__staff_id__second_factor_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    sessions_of_staff_v1_staff__staff_id__sessions_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_SessionOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    force_out_staff_v1_staff__staff_id__sessions_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ended"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    bindings_of_staff_v1_staff__staff_id__wechat_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BindingsOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    bind_wechat_staff_v1_staff__staff_id__wechat_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WechatBindingIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    make_code_staff_v1_staff__staff_id__wechat_code_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["BindingCodeIn"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BindingCodeOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    unbind_staff_v1_staff__staff_id__wechat__binding_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                staff_id: string;
                binding_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_stores_staff_v1_stores_get: {
        parameters: {
            query?: {
                channel_id?: string | null;
                open?: boolean | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_StoreOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_store_staff_v1_stores_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StoreIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoreOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    import_stores_staff_v1_stores_import_post: {
        parameters: {
            query?: {
                dry_run?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoreImportOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    store_template_staff_v1_stores_import_template_xlsx_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An XLSX file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": unknown;
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_store_staff_v1_stores__store_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                store_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoreOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_store_staff_v1_stores__store_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                store_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StoreChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoreOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    close_store_staff_v1_stores__store_id__close_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                store_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoreOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_tags_staff_v1_tags_get: {
        parameters: {
            query?: {
                kind?: components["schemas"]["TagKind"] | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TagOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_tag_staff_v1_tags_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TagIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__customers__tags__schemas__TagOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_tag_staff_v1_tags__tag_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tag_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_tag_staff_v1_tags__tag_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tag_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TagChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__customers__tags__schemas__TagOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_tasks_staff_v1_tasks_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
                own?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TaskOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    send_task_staff_v1_tasks_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    preview_staff_v1_tasks_preview_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreviewIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["core__tasks__schemas__PreviewOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    show_task_staff_v1_tasks__task_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskSeenOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_task_staff_v1_tasks__task_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TaskChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    recall_task_staff_v1_tasks__task_id__recall_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RecallIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_recipients_staff_v1_tasks__task_id__recipients_get: {
        parameters: {
            query?: {
                state?: components["schemas"]["RecipientState"] | null;
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RecipientOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_words_staff_v1_tasks__task_id__recipients__staff_id__words_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path: {
                task_id: string;
                staff_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_WordOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    put_verify_file_staff_v1_verify_files_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VerifyFileIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerifyFileOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_own_views_staff_v1_views_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ViewOut"][];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_view_staff_v1_views_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer and one effect, for 14 days */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ViewIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ViewOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    order_views_staff_v1_views_order_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ViewOrder"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ViewOut"][];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_shared_views_staff_v1_views_shared_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ViewOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_view_staff_v1_views__view_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                view_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ViewOut"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    delete_view_staff_v1_views__view_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                view_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_view_staff_v1_views__view_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                view_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ViewChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ViewOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_welcomes_staff_v1_welcomes_get: {
        parameters: {
            query?: {
                /** @description `next` of the former page */
                cursor?: string | null;
                /** @description How many at most */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_WelcomeOut_"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    set_welcome_staff_v1_welcomes_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WelcomeIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WelcomeOut"];
                };
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description No session, or it ended */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description In conflict with what is there */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    verify_wechat__app_id__push_get: {
        parameters: {
            query?: {
                signature?: string;
                timestamp?: string;
                nonce?: string;
                echostr?: string;
                encrypt_type?: string;
                msg_signature?: string;
                openid?: string;
            };
            header?: never;
            path: {
                app_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    push_wechat__app_id__push_post: {
        parameters: {
            query?: {
                signature?: string;
                timestamp?: string;
                nonce?: string;
                echostr?: string;
                encrypt_type?: string;
                msg_signature?: string;
                openid?: string;
            };
            header?: never;
            path: {
                app_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": string;
                "text/xml": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not valid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The input is not valid */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description A server we need is away; try again */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
}
